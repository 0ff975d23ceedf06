"""Linear forms: an expression of the graph as a sum of observables times functions of hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from symopt.ir.evaluate import Arithmetic
from symopt.ir.exact import OPERATIONS, UndecidedError, is_defined
from symopt.ir.trace import STEP
from symopt.prove.elements import Poly, UndefinedHereError
from symopt.prove.linear.rational import Rational, Ring
from symopt.prove.signs import Sign

# The names of the linear form's constant term; no declared name is empty.
CONSTANT = ""
# A linear form: coefficients by name. None stands for what is no linear form.
Form = Mapping[str, Rational]
MOST_POWER = 16
FIRST_LATER_STEP = 2


class Linear(Arithmetic[Any]):
    """Linear forms and truth values; what is neither is None, since ``where`` may not choose it."""

    def __init__(self, ring: Ring, sign: Callable[[Poly], Sign] | None = None) -> None:
        """``sign`` says which root of a square is not negative."""
        self.ring, self.sign = ring, sign

    def number(self, value: Fraction) -> Form:
        return {CONSTANT: self.ring.number(value)} if value else {}

    def reduce(self, name: str, arg: Any, axis: int | None) -> None:
        return None

    def matop(self, name: str, *args: Any) -> None:
        return None

    def op(self, name: str, *args: Any) -> Any:
        if name == "where":
            condition, a, b = args
            return (a if condition else b) if isinstance(condition, bool) else a if a == b else None
        if any(arg is None for arg in args):
            return None
        if name in ("and", "or", "not"):
            return OPERATIONS[name](*args)
        try:
            return self._op(name, *args)
        except UndefinedHereError:
            return None

    def _op(self, name: str, *args: Any) -> Any:
        match name:
            case "add":
                return self._sum(args[0], args[1], self.ring.number(1))
            case "sub":
                return self._sum(args[0], args[1], self.ring.number(-1))
            case "neg":
                return _scaled(args[0], self.ring.number(-1))
            case "mul":
                a, b = args if _is_constant(args[1]) else args[::-1]
                return _scaled(a, self._constant(b)) if _is_constant(b) else None
            case "div":
                return (
                    _scaled(args[0], self.ring.number(1) / self._constant(args[1])) if _is_constant(args[1]) else None
                )
            case "pow":
                return self._power(*args)
            case "sqrt" if _is_constant(args[0]) and self.sign is not None:
                return self._root(self._constant(args[0]))
            case "lt" | "le" | "eq":
                return self._compare(name, *args)
        return self._of_numbers(name, args)

    def _constant(self, form: Form) -> Rational:
        return form.get(CONSTANT, self.ring.number(0))

    def _sum(self, a: Form, b: Form, factor: Rational) -> Form:
        total = dict(a)
        for name, value in b.items():
            total[name] = total[name] + factor * value if name in total else factor * value
        return {name: value for name, value in total.items() if not value.is_zero}

    def _power(self, base: Form, exponent: Form) -> Form | None:
        value = self._constant(exponent).value if _is_constant(exponent) else None
        if value is None or value.denominator != 1 or abs(value) > MOST_POWER or not _is_constant(base):
            return None
        return _nonzero({CONSTANT: self._constant(base) ** int(value)})

    def _root(self, value: Rational) -> Form | None:
        """The root of a square whose own sign is known."""
        assert self.sign is not None
        sides = []
        for side in (value.num, value.den):
            try:
                root = side.sqrt()
            except ValueError:  # how python-flint says that it is no square
                return None
            known = self.sign(root).value if not root.is_constant() else 1 if root.leading_coefficient() >= 0 else -1
            if not known:
                return None
            sides.append(root * known)
        return _nonzero({CONSTANT: Rational(*sides)})

    def _compare(self, name: str, a: Form, b: Form) -> bool | None:
        """A comparison of numbers, or of the step with a number where it is the same at every later step."""
        difference = self._sum(a, b, self.ring.number(-1))
        if not _is_constant(difference):
            return None
        poly = self._constant(difference).num
        if any(used != STEP for used in self.ring.used(poly)) or self.ring.degree(poly, STEP) > 1:
            return None
        offset, slope = (*(int(c.leading_coefficient()) if c != 0 else 0 for c in self.ring.by_powers(poly, STEP)), 0)[
            :2
        ]
        start = offset + slope * FIRST_LATER_STEP
        if slope and not start * slope > 0:
            return None
        return {"lt": start < 0, "le": start <= 0, "eq": start == 0}[name]

    def _of_numbers(self, name: str, args: tuple[Form, ...]) -> Form | None:
        if name == "floor" and _is_constant(args[0]) and self._is_whole(self._constant(args[0])):
            return args[0]
        values = [self._constant(arg).value if _is_constant(arg) else None for arg in args]
        if any(value is None for value in values):
            return None
        try:
            found = OPERATIONS[name](*values)
        except UndecidedError:
            return None
        return self.number(found) if isinstance(found, Fraction) and is_defined(found) else None

    def _is_whole(self, value: Rational) -> bool:
        """Whether this is a polynomial in the step with whole coefficients."""
        return value.den == 1 and all(name == STEP for name in self.ring.used(value.num))


def _is_constant(form: Form) -> bool:
    return all(name == CONSTANT for name in form)


def _scaled(form: Form, factor: Rational) -> Form:
    return _nonzero({name: value * factor for name, value in form.items()})


def _nonzero(form: Form) -> Form:
    return {name: value for name, value in form.items() if not value.is_zero}
