"""C: expressions in float or double, and names that C and C++ leave free.

Operations round as the graph says: literals have the element type, so nothing is widened on the way.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, walk
from symopt.lang.declare import C_KEYWORDS
from symopt.printers.infix import STRENGTH, UNARY, InfixPrinter


@dataclass(frozen=True)
class CType:
    """An element type: its suffix in function names, its C name, the suffix of its literals and functions, its BLAS."""

    dtype: str
    name: str
    suffix: str
    blas: str

    @property
    def zero(self) -> str:
        """Its zero."""
        return f"0.0{self.suffix}"

    @property
    def one(self) -> str:
        """Its one."""
        return f"1.0{self.suffix}"

    @property
    def draw_unit(self) -> str:
        """Two to the power -24, the step between random numbers."""
        return f"5.9604644775390625e-08{self.suffix}"


F32, F64 = CType("f32", "float", "f", "s"), CType("f64", "double", "", "d")
CTYPES: Mapping[str, CType] = {"float32": F32, "float64": F64}

# Operations that C has no operator or function for; every source defines those that it uses.
HELPERS = ("max", "min", "sign")
FUNCTIONS = ("sqrt", "fabs", "exp", "log", "cos", "floor", "pow", "isfinite")

# Words that a declared name may be and a C identifier in a header may not: keywords of C++, what the
# generated code itself calls things, functions it calls, and macros of common compilers.
RESERVED = C_KEYWORDS | frozenset({
    "alignas", "alignof", "asm", "catch", "char16_t", "char32_t", "char8_t", "class", "concept", "consteval",
    "constexpr", "constinit", "decltype", "delete", "dynamic_cast", "explicit", "export", "false", "friend",
    "const_cast", "mutable", "namespace", "new", "noexcept", "nullptr", "operator", "private", "protected", "public",
    "reinterpret_cast", "requires", "static_assert", "static_cast", "template", "this", "thread_local", "throw",
    "true", "try", "typeid", "typename", "using", "virtual", "wchar_t", "co_await", "co_return", "co_yield",
    "and", "and_eq", "bitand", "bitor", "compl", "not", "not_eq", "or", "or_eq", "xor", "xor_eq",
    "i", "n", "hyper", "ir", "ic", "ib", "kt", "begin", "end", "lane", "down", "along", "work", "memory", "scratch",
    "seed", "tensors", "memcpy", "fewer", "more",
    *FUNCTIONS, *(f"{name}f" for name in FUNCTIONS),
    "NULL", "NAN", "INFINITY", "HUGE_VAL", "EOF", "I", "linux", "unix", "near", "far", "interface",
})  # fmt: skip

TERNARY = 5  # weaker than every operator of the common table


def c_name(name: str) -> str:
    """A declared name as a C identifier; a declared name never ends in an underscore, so this stays unique."""
    return f"{name}_" if name in RESERVED else name


class CPrinter(InfixPrinter):
    """Expressions in one element type.

    Parameters
    ----------
    ctype: the element type.
    prefix: what the names of the helper functions of the source begin with.
    names: how names are read that are not local variables, as in ``m[i]`` or ``hyper->lr``.
    """

    # "not" is absent: in C it binds more tightly than comparisons.
    operators: Mapping[str, str] = {
        "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "lt": "<", "le": "<=", "eq": "==",
    }  # fmt: skip

    def __init__(self, ctype: CType, prefix: str, names: Mapping[str, str]) -> None:
        self.ctype, self.names = ctype, names
        own = {"sqrt": "sqrt", "abs": "fabs", "exp": "exp", "log": "log", "cos": "cos", "floor": "floor"}
        self.functions = {
            **{op: f"{function}{ctype.suffix}({{0}})" for op, function in own.items()},
            "pow": f"pow{ctype.suffix}({{0}}, {{1}})",
            "max": f"{prefix}_max_{ctype.dtype}({{0}}, {{1}})",
            "min": f"{prefix}_min_{ctype.dtype}({{0}}, {{1}})",
            "sign": f"{prefix}_sign_{ctype.dtype}({{0}})",
            "not": "!({0})", "and": "({0} && {1})", "or": "({0} || {1})",
        }  # fmt: skip

    def name(self, name: str) -> str:
        """A value by name."""
        return self.names.get(name) or c_name(name)

    def number(self, node: Num) -> str:
        """The shortest decimal that the compiler reads back as the number rounded to the element type."""
        value = float(node.value)
        rounded = np.float32(value) if self.ctype is F32 else np.float64(value)
        if not math.isfinite(rounded):
            raise UnsupportedError(f"the number {node.value} is too large for {self.ctype.name}")
        return f"{rounded!s}{self.ctype.suffix}"

    def _print(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Op) and node.op == "where":
            condition = self._wrapped(node.args[0], TERNARY + 1)
            return (
                f"{condition} ? {self._wrapped(node.args[1], TERNARY + 1)} : {self.expression(node.args[2])}",
                TERNARY,
            )
        if isinstance(node, Op) and node.op == "neg":
            return f"-{self._wrapped(node.args[0], UNARY + 1)}", STRENGTH["neg"]  # "--x" would be a decrement
        return super()._print(node)


def helpers_of(values: list[Node]) -> list[str]:
    """The helper functions that some expressions need, in the order of ``HELPERS``."""
    used = {node.op for node in walk(values) if isinstance(node, Op)}
    return [name for name in HELPERS if name in used]
