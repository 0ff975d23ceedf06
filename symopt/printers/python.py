"""Python text: the values of a step as Python floats, names, literals, and text inside docstrings."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from symopt.ir.nodes import MatOp, Node, Num, Reduce, Ref, walk
from symopt.ir.shape import Shape
from symopt.lang.domain import Domain
from symopt.printers.infix import ATOM, InfixPrinter

# Weaker than an atom, stronger than a sign: -x ** 2 is -(x ** 2).
POWER = 95
# Declared names never end with an underscore, so one more keeps a name apart from all of them.
RESERVED = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "math", "np", "torch"})


@dataclass(frozen=True)
class Names:
    """What the names of a function over whole arrays stand for.

    ``uniforms`` are Python floats and truth values, ``numbers`` numbers in double precision that depend on
    elements, ``conditions`` truth values that do; every other name of ``shapes`` is an array.
    """

    uniforms: frozenset[str]
    numbers: frozenset[str]
    conditions: frozenset[str]
    shapes: Mapping[str, Shape]

    def is_array(self, name: str) -> bool:
        """Whether a name is an array of the element type."""
        return not (name in self.uniforms or name in self.numbers or name in self.conditions)


def identifier(name: str, reserved: frozenset[str] = RESERVED) -> str:
    """A declared name as an identifier that hides nothing which the generated module uses."""
    return f"{name}_" if name in reserved else name


def literal(value: Fraction) -> str:
    """The double nearest to a rational, in the fewest digits that give it back."""
    return repr(float(value))


def is_uniform(node: Node, uniforms: Collection[str]) -> bool:
    """Whether an expression is made of numbers and of the names that are one Python float for all elements."""
    return not any(
        isinstance(part, Reduce | MatOp) or (isinstance(part, Ref) and part.name not in uniforms)
        for part in walk([node])
    )


def in_docstring(text: str) -> str:
    """Text that stays inside a docstring whatever it contains."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def inside(domain: Domain, name: str) -> str:
    """The condition that a float is finite and in a domain; NaN is in none."""
    lower = "-math.inf <" if domain.lower is None else f"{literal(domain.lower)} {'<' if domain.lower_open else '<='}"
    upper = "< math.inf" if domain.upper is None else f"{'<' if domain.upper_open else '<='} {literal(domain.upper)}"
    between = f"{lower} {name} {upper}"
    return f"{between} and {name} == math.floor({name})" if domain.integer else between


class PythonPrinter(InfixPrinter):
    """Expressions over Python floats; ``math`` is imported where a function of it is used."""

    operators: Mapping[str, str] = {
        "add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-", "pow": "**",
        "lt": "<", "le": "<=", "eq": "==", "and": "and", "or": "or", "not": "not ",
    }  # fmt: skip
    functions: Mapping[str, str] = {
        "sqrt": "math.sqrt({0})", "exp": "math.exp({0})", "log": "math.log({0})", "cos": "math.cos({0})",
        "abs": "abs({0})", "max": "max({0}, {1})", "min": "min({0}, {1})", "floor": "float(math.floor({0}))",
        "sign": "float(({0} > 0.0) - ({0} < 0.0))", "where": "({1} if {0} else {2})",
    }  # fmt: skip

    def __init__(self, reserved: frozenset[str] = RESERVED) -> None:
        """``reserved`` are the names that the module around the text uses."""
        self.reserved = reserved

    def name(self, name: str) -> str:
        return identifier(name, self.reserved)

    def definition(self, name: str, value: Node) -> str:
        """The statement that gives a value its name."""
        return f"{self.name(name)} = {self.expression(value)}"

    def number(self, node: Num) -> str:
        return literal(node.value)

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op != "pow":
            return super()._operator(op, args)
        return f"{self._wrapped(args[0], ATOM)} ** {self._wrapped(args[1], ATOM)}", POWER
