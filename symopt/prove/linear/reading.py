"""What theorems about linear rules write, read as rational functions, and their facts as polynomials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.errors import UsageError
from symopt.ir.evaluate import evaluate
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import Comparison
from symopt.lang.theorem.linear import region_of
from symopt.prove.elements import Poly, terms
from symopt.prove.linear.forms import CONSTANT, Linear
from symopt.prove.linear.rational import Rational, Ring
from symopt.prove.signs import Sign, sign_of


@dataclass(frozen=True)
class Bound:
    """A polynomial that is positive, or where not ``strict`` not negative."""

    poly: Poly
    strict: bool


class Reader:
    """Reads expressions over the names of a ring, under their domains."""

    def __init__(self, ring: Ring, domains: Mapping[str, Domain], values: Mapping[str, Node] | None = None) -> None:
        self.ring, self.values = ring, dict(values or {})
        self.domains = dict(domains)

    def sign(self, poly: Poly) -> Sign:
        """What the domains say of the sign of a polynomial."""
        domains = {self.ring.index[n]: d for n, d in self.domains.items() if n in self.ring.index}
        return sign_of(terms(poly), domains)

    def rational(self, text: str, *names: str) -> Rational:
        """An expression as a rational function.

        Raises
        ------
        UsageError: it reads another name, or is none.
        """
        node = read_expression(text, tuple(dict.fromkeys((*names, *self.values, *self.domains))))
        return self.of_node(substitute([node], self.values)[0], text)

    def of_node(self, node: Node, text: str) -> Rational:
        """An expression of the graph as a rational function."""
        inputs = {name: {CONSTANT: self.ring.name(name)} for name in self.ring.names if name != STEP}
        inputs[STEP] = {CONSTANT: self.ring.name(STEP)} if STEP in self.ring.index else None  # type: ignore[assignment]  # None: not linear
        (form,) = evaluate([node], inputs, Linear(self.ring, self.sign))
        if form is None or isinstance(form, bool) or any(name != CONSTANT for name in form):
            raise UsageError(f"{text!r} is no rational function of {', '.join(self.domains)}")
        found: Rational = form.get(CONSTANT, self.ring.number(0))
        return found

    def bounds(self, text: str) -> list[Bound]:
        """A region as polynomials that are positive there."""
        return [bound for comparison in region_of(text) for bound in self._bound(comparison)]

    def _bound(self, comparison: Comparison) -> list[Bound]:
        left, right = (self.rational(side) for side in (comparison.left, comparison.right))
        if comparison.symbol == "=":
            raise UsageError(f"'{comparison}' is an equation; a region is open or closed, as in lr*h < 2")
        difference = right - left if comparison.symbol in ("<", "<=") else left - right
        if comparison.symbol in "<>":
            return [Bound(poly, True) for poly in self.positive_parts(difference)]
        return [Bound(self.essential(difference), False)]

    def positive_parts(self, value: Rational) -> list[Poly]:
        """Polynomials that are all positive exactly where a value is: factors that are never negative by themselves."""
        whole = self.essential(value)
        constant, factors = whole.factor()
        never = [f * self.sign(f).value for f, exponent in factors if self.sign(f).value and int(exponent) % 2]
        rest = self.ring.one * (0 if whole == 0 else 1 if constant > 0 else -1)
        for factor, exponent in factors:
            known = self.sign(factor).value
            rest *= (known or factor) if int(exponent) % 2 else factor * factor
        return [*never, *([] if rest.is_one() else [rest])]

    def essential(self, value: Rational) -> Poly:
        """A polynomial of the same sign, without the factors that are known to be positive or negative."""
        rest = self.ring.one
        for side in (value.num, value.den):
            constant, factors = side.factor()
            rest *= 0 if constant == 0 else 1 if constant > 0 else -1
            for factor, exponent in factors:
                known = self.sign(factor)
                if known.strict:
                    rest *= known.value if int(exponent) % 2 else 1
                else:
                    rest *= factor if int(exponent) % 2 else factor * factor
        return rest

    def narrow(self, given: Sequence[str]) -> list[Bound]:
        """Take up assumptions: as domains where they bound a name by a number, else as facts that are returned."""
        facts: list[Bound] = []
        for text in given:
            for comparison in region_of(text):
                for bound in self._bound(comparison):
                    used = self.ring.used(bound.poly)
                    if not used and not _holds(bound):
                        raise UsageError(f"given {text!r} contradicts the domains of the hyper-parameters")
                    if len(used) == 1 and self.ring.degree(bound.poly, used[0]) == 1:
                        self._narrow_name(used[0], bound, text)
                    else:
                        facts.append(bound)
        return facts

    def _narrow_name(self, name: str, bound: Bound, text: str) -> None:
        low, slope = (Rational(c, self.ring.one).value for c in self.ring.by_powers(bound.poly, name))
        assert low is not None
        assert slope is not None
        end, before = -low / slope, self.domains.get(name, Domain())
        if slope > 0 and (before.lower is None or end >= before.lower):
            is_open = bound.strict or (end == before.lower and before.lower_open)
            new = Domain(end, before.upper, is_open, before.upper_open, before.integer)
        elif slope < 0 and (before.upper is None or end <= before.upper):
            is_open = bound.strict or (end == before.upper and before.upper_open)
            new = Domain(before.lower, end, before.lower_open, is_open, before.integer)
        else:
            return
        if (
            new.lower is not None
            and new.upper is not None
            and (new.lower > new.upper or (new.lower == new.upper and (new.lower_open or new.upper_open)))
        ):
            raise UsageError(f"given {text!r} contradicts the domain {before.describe(name)}")
        self.domains[name] = new


def _holds(bound: Bound) -> bool:
    """Whether a bound without names holds."""
    return bool(not bound.strict if bound.poly == 0 else bound.poly.leading_coefficient() > 0)
