"""Expressions of claims about one step: values after it, values before it, reductions, values of another rule.

The name of a statement, of a state or of ``p`` is its value after the step; ``old(m)`` is that before it.
``beside(p)`` is a value of another rule after a step from the same inputs and states.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, num, op, rebuild, reduce, ref, substitute, walk
from symopt.ir.trace import SIZES, Trace

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

    def __init__(self, trace: Trace, beside: Trace | None = None, expand: bool = True) -> None:
        """``expand``: whether what is read comes out over the inputs; else over the statements, by their names."""
        self.trace, self.beside, self.expand = trace, beside, expand

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
        known: dict[str, Node] = {name: ref(name) for name in self.trace.inputs}
        known |= _named(self.trace) if self.expand else {name: ref(let) for name, let in _names(self.trace).items()}
        node = read_expression(ast.unparse(replaced), (*known, *parts))
        return substitute([node], {**known, **parts})[0]

    def call(self, name: str, call: ast.Call, text: str) -> Node:
        """A reduction, a value before the step, or a value of the other rule."""
        if name in (OLD, BESIDE):
            match call.args:
                case [ast.Name(id=inner)]:
                    return self._before(inner, text) if name == OLD else self._other(inner, text)
            raise UsageError(f"{text!r}: {name} takes one name")
        axis = next((_constant(keyword.value) for keyword in call.keywords if keyword.arg == "axis"), None)
        if len(call.args) != 1 or axis not in (None, 0, 1):
            raise UsageError(f"{text!r}: {name} takes one operand, and axis=0 or axis=1")
        return REDUCTIONS[name](self._read(call.args[0], text), axis)

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


def _constant(node: ast.expr) -> int | None:
    """The whole number that is written, or -1 where it is something else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else -1


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


def with_premises(trace: Trace, given: Mapping[str, str]) -> Trace:
    """The rule with statements replaced by expressions in its inputs.

    Raises
    ------
    UsageError: the rule has no statement of a name, or an expression reads what it may not.
    """
    lets = []
    targets = {let.target: let.name for let in trace.lets}
    names = {targets.get(name, name): text for name, text in given.items()}
    known = [let.name for let in trace.lets]
    for name in names:
        if name not in known:
            raise UsageError(f"{trace.title} has no statement {name!r}; {nearest(name, known)}")
    read = Reader(replace(trace, lets=(), results={}))
    for let in trace.lets:
        lets.append(replace(let, value=read(names[let.name])) if let.name in names else let)
    return trace.with_lets(tuple(lets))


def of_one_element(trace: Trace) -> Trace:
    """The rule on tensors of one element, where reductions and operations on matrices are those of numbers."""

    def new(root: Node) -> Node:
        done: dict[Node, Node] = {}
        for node in walk([root]):
            args = tuple(done[arg] for arg in node.args)
            match node:
                case MatOp(op="matmul"):
                    done[node] = op("mul", *args)
                case Reduce() | MatOp(op="transpose" | "wide" | "unwide"):
                    done[node] = args[0]
                case MatOp(op=name):
                    raise UsageError(f"{name} of one element is no arithmetic")
                case Ref(name=name) if name in SIZES:
                    done[node] = num(1)
                case _:
                    done[node] = rebuild(node, args) if args else node
        return done[root]

    lets = tuple(replace(let, value=new(let.value)) for let in trace.lets)
    return replace(trace, lets=lets, given=tuple(name for name in trace.given if name not in SIZES))


def _named(trace: Trace) -> dict[str, Node]:
    """The values after the step, over the inputs: of statements, of states and of the parameter."""
    names = _names(trace)
    return dict(zip(names, trace.expanded([ref(name) for name in names.values()]), strict=True))


def _names(trace: Trace) -> dict[str, str]:
    """The statement that each name is: its own, that of the author, or that of a state."""
    named = {let.name: let.name for let in trace.lets} | {let.target: let.name for let in trace.lets}
    return named | dict(trace.results)
