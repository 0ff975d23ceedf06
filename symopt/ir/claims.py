"""Expressions of claims about one step: values after it, values before it, reductions, values of another rule.

The name of a statement, of a state or of ``p`` is its value after the step; ``old(m)`` is that before it.
``beside(p)`` is a value of another rule after a step from the same inputs and states.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, num, op, reduce, ref, substitute
from symopt.ir.trace import Trace

OLD, BESIDE = "old", "beside"


def _norm(node: Node, axis: int | None) -> Node:
    return op("sqrt", reduce("sum", op("pow", node, num(2)), axis))


def _rms(node: Node, axis: int | None) -> Node:
    return op("sqrt", reduce("mean", op("pow", node, num(2)), axis))


# The reductions of a claim are called as in rules.
REDUCTIONS: Mapping[str, Callable[[Node, int | None], Node]] = {
    "total": lambda node, axis: reduce("sum", node, axis),
    "mean": lambda node, axis: reduce("mean", node, axis),
    "largest": lambda node, axis: reduce("amax", node, axis),
    "smallest": lambda node, axis: reduce("amin", node, axis),
    "norm": _norm,
    "rms": _rms,
}


class Reader:
    """Reads expressions of claims about a trace; they come out over its inputs alone."""

    def __init__(self, trace: Trace, beside: Trace | None = None, extra: tuple[str, ...] = ()) -> None:
        self.trace, self.beside, self.extra = trace, beside, extra
        self._parts: dict[str, Node] = {}

    def __call__(self, text: str) -> Node:
        """The expression that a text is.

        Raises
        ------
        UsageError: the text is no such expression, or names what the rule has not.
        """
        try:
            tree = ast.parse(text.replace("^", "**"), mode="eval").body
        except SyntaxError:
            raise UsageError(f"{text!r} is no expression; write one as in norm(p - old(p))/lr") from None
        return self._read(tree, text)

    def _read(self, tree: ast.expr, text: str) -> Node:
        parts: dict[str, Node] = {}
        replaced = _Calls(self, parts, text).visit(tree)
        known: dict[str, Node] = {name: ref(name) for name in (*self.trace.inputs, *self.extra)}
        known |= _named(self.trace)
        node = read_expression(ast.unparse(replaced), (*known, *parts))
        return substitute([node], {**known, **parts})[0]

    def call(self, name: str, call: ast.Call, text: str) -> Node:
        """A reduction, a value before the step, or a value of the other rule."""
        if name in (OLD, BESIDE):
            match call.args:
                case [ast.Name(id=inner)]:
                    return self._before(inner, text) if name == OLD else self._other(inner, text)
            raise UsageError(f"{text!r}: {name} takes one name")
        axis = next((k.value.value for k in call.keywords if k.arg == "axis" and isinstance(k.value, ast.Constant)), None)
        if len(call.args) != 1 or axis not in (None, 0, 1):
            raise UsageError(f"{text!r}: {name} takes one operand, and axis=0 or axis=1")
        return REDUCTIONS[name](self._read(call.args[0], text), int(axis) if axis is not None else None)

    def _before(self, name: str, text: str) -> Node:
        if name not in self.trace.results:
            raise UsageError(f"{text!r}: {self.trace.title} has no state {name!r}; {nearest(name, self.trace.results)}")
        return ref(name)

    def _other(self, name: str, text: str) -> Node:
        if self.beside is None:
            raise UsageError(f"{text!r}: the claim names no rule beside {self.trace.title}")
        named = _named(self.beside)
        if name not in named:
            raise UsageError(f"{text!r}: {self.beside.title} has no statement {name!r}; {nearest(name, named)}")
        missing = [other for other in self.beside.inputs if other not in self.trace.inputs]
        if missing:
            raise UsageError(f"{self.trace.title} has no {missing[0]!r}, which a step of {self.beside.title} reads")
        return named[name]


class _Calls(ast.NodeTransformer):
    """Replaces the calls that only claims have by names of what they are."""

    def __init__(self, reader: Reader, parts: dict[str, Node], text: str) -> None:
        self.reader, self.parts, self.text = reader, parts, text

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """One call."""
        if isinstance(node.func, ast.Name) and node.func.id in (*REDUCTIONS, OLD, BESIDE):
            name = f"part_{len(self.parts)}_"
            self.parts[name] = self.reader.call(node.func.id, node, self.text)
            return ast.Name(id=name, ctx=ast.Load())
        self.generic_visit(node)
        return node


def _named(trace: Trace) -> dict[str, Node]:
    """The values after the step, over the inputs: of statements, of states and of the parameter."""
    names = {let.target: let.name for let in trace.lets} | dict(trace.results)
    return dict(zip(names, trace.expanded([ref(name) for name in names.values()]), strict=True))
