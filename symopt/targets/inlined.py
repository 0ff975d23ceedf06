"""An update rule as a function in plain NumPy, to be read and run without anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Reduce, refs, walk
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, STEP, Query, Trace
from symopt.lift.confirm import extents_of
from symopt.printers.equations import in_order
from symopt.printers.infix import ATOM
from symopt.printers.python import RESERVED, PythonPrinter

# The names that a script around the function uses.
SCRIPT = RESERVED | {"importlib", "sys", "gradients", "answers", "left", "right", "step", "unwide", "wide"}
REDUCED: Mapping[str, str] = {"sum": "sum", "mean": "mean", "amax": "max", "amin": "min"}
MATRICES: Mapping[str, str] = {
    "matmul": "(({0}) @ ({1}))", "transpose": "({0}).T", "wide": "wide({0})", "unwide": "unwide({0}, {1})",
}  # fmt: skip
HELPERS: Mapping[str, str] = {
    "wide(": """\
def wide(x):
    \"\"\"A matrix that is put on its long side.\"\"\"
    return x.T if x.shape[0] > x.shape[1] else x""",
    "unwide(": """\
def unwide(x, like):
    \"\"\"A matrix that was put on its long side, as it was.\"\"\"
    return x.T if like.shape[0] > like.shape[1] else x""",
}


class ArrayPrinter(PythonPrinter):
    """Expressions over NumPy's numbers and arrays in double precision."""

    operators: Mapping[str, str] = {
        "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "pow": "**",
    }  # fmt: skip
    functions: Mapping[str, str] = {
        "sqrt": "np.sqrt({0})", "exp": "np.exp({0})", "log": "np.log({0})", "cos": "np.cos({0})",
        "abs": "np.abs({0})", "max": "np.maximum({0}, {1})", "min": "np.minimum({0}, {1})",
        "floor": "np.floor({0})", "sign": "np.sign({0})", "where": "np.where({0}, {1}, {2})",
        "lt": "np.less({0}, {1})", "le": "np.less_equal({0}, {1})", "eq": "np.equal({0}, {1})",
        "and": "np.logical_and({0}, {1})", "or": "np.logical_or({0}, {1})", "not": "np.logical_not({0})",
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__(SCRIPT)

    def _print(self, node: Node) -> tuple[str, int]:
        match node:
            case Reduce(op=op, axis=axis):
                along = "" if axis is None else f", axis={axis}, keepdims=True"
                return f"np.{REDUCED[MODEL_REDUCTIONS.get(op, op)]}({self.expression(node.args[0])}{along})", ATOM
            case MatOp(op=op) if op in MATRICES:
                return MATRICES[op].format(*map(self.expression, node.args)), ATOM
        return super()._print(node)

    def operand(self, node: Node) -> str:
        """An expression as the right operand of a sum."""
        return self._wrapped(node, ATOM)


def function(
    name: str, trace: Trace, values: Mapping[str, Sequence[Any]], shape: tuple[int, ...], query: int | None = None
) -> list[str]:
    """The lines of ``name(p, gradients)``, which gives the parameter after the steps.

    Parameters
    ----------
    values: for every step those of hyper-parameters, of what else a step is given, and of random numbers.
    shape: that of the parameter.
    query: the position of the gradient whose point in the last step is given instead.

    Raises
    ------
    UsageError: the rule uses an operation that plain NumPy has not.
    """
    printer = ArrayPrinter()
    step = _step(trace, printer, query)
    read = {*refs(*_roots(trace))}
    constant = [name for name, of_steps in values.items() if len({*map(number, of_steps)}) == 1 and name in read]
    changing = [name for name in values if name in read and name not in constant]
    lines = [f"{printer.name(name)} = {number(values[name][0])}" for name in constant]
    lines += _start(trace, printer, shape)
    lines += [f"{printer.name(name)}_of_steps = [{', '.join(map(number, values[name]))}]" for name in changing]
    body = ["t = np.float64(step + 1)"] if STEP in read else []
    body += [f"{printer.name(name)} = {printer.name(name)}_of_steps[step]" for name in changing]
    return [
        f"def {name}(p, gradients):", *(f"    {line}" for line in lines),
        "    for step, answers in enumerate(gradients):", *(f"        {line}" for line in (*body, *step)),
        "    return p",
    ]  # fmt: skip


def helpers(lines: Sequence[str]) -> list[str]:
    """The functions that lines call."""
    text = "\n".join(lines)
    return [helper for name, helper in HELPERS.items() if re.search(rf"\b{re.escape(name)}", text)]


def array(value: Any) -> str:
    """A number, or an array of numbers, as text."""
    text = repr(np.asarray(value, dtype=np.float64).tolist())
    return f"np.array({text})".replace("nan", "np.nan").replace("inf", "np.inf")


def number(value: Any) -> str:
    """The same; a single number is one, and no array."""
    return array(value) if np.ndim(value) else f"np.float64({float(value)!r})"


def _roots(trace: Trace) -> list[Node]:
    return [
        *(let.value for let in trace.lets), *(query.point for query in trace.queries),
        *(state.init for state in trace.states),
    ]  # fmt: skip


def _start(trace: Trace, printer: ArrayPrinter, shape: tuple[int, ...]) -> list[str]:
    """The states before the first step, each with as many elements as it has later."""
    shapes = let_shapes(trace)
    lines = []
    for state in trace.states:
        value = printer.expression(state.init)
        if shapes[state.name].is_scalar:
            lines.append(f"{printer.name(state.name)} = np.float64({value})")
            continue
        extents = extents_of(shapes[state.name], shape) if len(shape) == 2 else shape
        lines.append(f"{printer.name(state.name)} = np.zeros({extents!r}) + {printer.operand(state.init)}")
    return lines


def _step(trace: Trace, printer: ArrayPrinter, query: int | None) -> list[str]:
    """One step: gradients where they are asked for, statements, and the new values at the end."""
    for node in walk(_roots(trace)):
        if isinstance(node, MatOp) and node.op not in MATRICES:
            raise UsageError(
                f"{trace.title} uses {node.op}, for which plain NumPy has no operation; so it has no script"
            )
    positions = {asked.name: i for i, asked in enumerate(trace.queries)}
    lines = []
    for name, value in in_order(trace):
        if isinstance(value, Query):
            if positions[name] == query:
                lines += ["if step == len(gradients) - 1:", f"    return {printer.expression(value.point)}"]
            lines.append(f"{printer.name(name)} = answers[{positions[name]}]")
        elif isinstance(value, Node):
            lines.append(f"{printer.name(name)} = {printer.expression(value)}")
    order = [state for state in trace.results if state != PARAMETER] + [PARAMETER]
    new = ", ".join(printer.name(trace.results[state]) for state in order)
    return [*lines, f"{', '.join(map(printer.name, order))} = {new}"]
