"""NumPy text: an operation on a block as calls that write into the buffer they are given."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import Node, Reduce
from symopt.passes.buffers import Placed
from symopt.passes.linearise import ACCUMULATE, COPY
from symopt.printers.python import PythonPrinter

UFUNCS: Mapping[str, str] = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "pow": "power",
    "neg": "negative", "sqrt": "sqrt", "abs": "absolute", "sign": "sign", "exp": "exp", "log": "log", "cos": "cos",
    "floor": "floor", "max": "maximum", "min": "minimum",
    "lt": "less", "le": "less_equal", "eq": "equal",
    "and": "logical_and", "or": "logical_or", "not": "logical_not",
}  # fmt: skip
# What computes in double precision whatever it is given; truth values are given and made by the rest.
IN_DOUBLE: Mapping[str, str] = dict.fromkeys(UFUNCS, ", dtype=np.float64") | {
    **dict.fromkeys(("lt", "le", "eq"), ', signature="dd->?"'),
    **dict.fromkeys(("and", "or", "not"), ""),
}


def may_overwrite(op: str, position: int) -> bool:
    """Whether the result may go where an operand is.

    np.sign is several times slower on its own output, and ``where`` is made by two copies, of which
    the first must leave alone what the second one reads.
    """
    return op != "sign" and (op != "where" or position == 2)


class NumPyPrinter(PythonPrinter):
    """Calls over blocks, and the equations that stand above them as comments."""

    functions: Mapping[str, str] = {
        "sqrt": "sqrt({0})", "exp": "exp({0})", "log": "log({0})", "cos": "cos({0})", "floor": "floor({0})",
        "abs": "abs({0})", "sign": "sign({0})", "max": "max({0}, {1})", "min": "min({0}, {1})",
        "where": "where({0}, {1}, {2})",
    }  # fmt: skip

    def calls(self, placed: Placed) -> list[str]:
        """The lines that carry out one instruction."""
        args = [self.expression(arg) for arg in placed.args]
        out = self.name(placed.out)
        if placed.op == ACCUMULATE:
            return [f"{out}.add({args[0]})"]
        if placed.op == COPY:
            return [f"np.copyto({out}, {args[0]})"]
        if placed.op == "where":
            condition, chosen, other = args
            first = [] if other == out else [f"np.copyto({out}, {other})"]
            return [*first, f"np.copyto({out}, {chosen}, where={condition})"]
        precision = IN_DOUBLE[placed.op] if placed.wide else ""
        return [f"np.{UFUNCS[placed.op]}({', '.join(args)}, out={out}{precision})"]

    def equation(self, name: str, value: Node) -> str:
        """A statement as it stands above its calls."""
        if isinstance(value, Reduce):
            return f"{self.name(name)} = {value.op}({self.expression(value.args[0])}), in double precision"
        return self.definition(name, value)
