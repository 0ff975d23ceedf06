"""From the graph to the field: the normal form of an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import ClassVar

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref
from symopt.lang.domain import Domain, NonNegative, OpenUnitInterval, Positive, Real, UnitInterval
from symopt.prove.elements import Element, Meaning, NotDecidedError
from symopt.prove.field import Field
from symopt.prove.whole import WholeArrays


class Converter:
    """Turns nodes into elements of a field; ``values`` gives the names that are not generators.

    ``where``, ``max``, ``abs`` and ``sign`` ask the field for signs, which may raise ``ForkError``;
    an operand that is not chosen is not looked at.
    """

    def __init__(
        self, field: Field, values: Mapping[str, Element], whole: frozenset[str] = frozenset(),
        memo: dict[Node, Element] | None = None,
    ) -> None:  # fmt: skip
        """``whole`` names the generators that are whole numbers; ``memo`` holds and gets what was converted."""
        self.field, self.values = field, values
        self.whole = {field.ring.index[name] for name in whole}
        self._done = {} if memo is None else memo
        self._truth: dict[Node, bool] = {}
        self.whole_arrays = WholeArrays(self)

    def __call__(self, node: Node) -> Element:
        """The element that a node is."""
        if node not in self._done:
            self._done[node] = self._convert(node)
        return self._done[node]

    def _convert(self, node: Node) -> Element:
        match node:
            case Ref(name=name):
                return self.values[name] if name in self.values else self.field.name(name)
            case Num(value=value):
                return self.field.number(value)
            case Reduce() | MatOp():
                return self.whole_arrays(node)
            case Op(op="where"):
                return self(node.args[1] if self.holds(node.args[0]) else node.args[2])
            case Op(op=op) if op in self._operations:
                return self._operations[op](self, *map(self, node.args))
        raise NotDecidedError(f"the normal form has no {getattr(node, 'op', type(node).__name__)}")

    def holds(self, node: Node) -> bool:
        """Whether a condition holds in this case."""
        if node not in self._truth:
            self._truth[node] = self._holds(node)
        return self._truth[node]

    def _holds(self, node: Node) -> bool:
        assert isinstance(node, Op)
        match node.op:
            case "and":
                return all(self.holds(arg) for arg in node.args)
            case "or":
                return any(self.holds(arg) for arg in node.args)
            case "not":
                return not self.holds(node.args[0])
        difference = self.field.sub(self(node.args[0]), self(node.args[1]))
        if node.op == "eq":
            return self.field.sign_element(difference) == 0
        # a < b asks for a sign other than that of a >= b; one that is known to that extent needs no split.
        known = self.field.element_sign(difference)
        if node.op == "lt":
            return False if known.value > 0 else self.field.sign_element(difference) < 0
        return True if known.value < 0 else self.field.sign_element(difference) <= 0

    def _max(self, a: Element, b: Element) -> Element:
        difference = self.field.sub(a, b)
        known = self.field.element_sign(difference).value
        return a if (known or self.field.sign_element(difference)) >= 0 else b

    def _min(self, a: Element, b: Element) -> Element:
        difference = self.field.sub(a, b)
        known = self.field.element_sign(difference).value
        return a if (known or self.field.sign_element(difference)) <= 0 else b

    def _sign(self, a: Element) -> Element:
        return self.field.number(self.field.sign_element(a))

    def _pow(self, base: Element, exponent: Element) -> Element:
        """``b**(k t + c)`` is ``(b**t)**k * b**c``: one generator for each base and monomial of the exponent."""
        field = self.field
        if not exponent.den.is_constant():
            return self.opaque("pow", base, exponent)
        result, divisor = field.one, int(exponent.den.leading_coefficient())
        for monomial, coefficient in exponent.num.to_dict().items():
            share = Fraction(int(coefficient), divisor)
            unit = field.ring.ring.from_dict({monomial: 1})
            result = field.mul(result, self._simple_power(base, unit, share, any(monomial)))
        return result

    def _simple_power(self, base: Element, unit: object, share: Fraction, symbolic: bool) -> Element:
        field = self.field
        if not symbolic and share.denominator == 1:
            return field.power(base, int(share))
        if not symbolic and share.denominator == 2:
            return field.power(field.sqrt(base), int(share * 2))
        steps = Element(unit, field.number(share.denominator).num)
        base = field.rationalised(base)
        if base.num == 0:
            if field.element_sign(steps) == (1, True) and share > 0:
                return field.zero
            raise NotDecidedError("a power of zero")
        if base == field.one:
            return field.one
        generator = field.generator(Meaning("pow", (base, steps)), self._power_domain(base, steps))
        return field.power(Element(generator, field.ring.one), int(share.numerator))

    def _power_domain(self, base: Element, exponent: Element) -> Domain:
        """Where ``base**exponent`` lies; records what makes it defined."""
        field = self.field
        sign, order = field.element_sign(base), field.element_sign(exponent)
        if order.value <= 0 and not (sign.value and sign.strict):
            field.require(base.num, "!= 0")
        if sign.value <= 0:
            if exponent.den != 1 or any(
                degree and position not in self.whole for position, degree in enumerate(exponent.num.degrees())
            ):
                field.require(base.num * base.den, ">= 0")
                return NonNegative
            return Real
        below_one = field.element_sign(field.sub(field.one, base)) if not field.equal(base, field.one) else None
        if below_one is not None and below_one.value > 0 and order.value > 0:
            if below_one.strict and order.strict:
                return OpenUnitInterval if sign.strict else UnitInterval
            return Domain(Fraction(0), Fraction(1), lower_open=sign.strict)
        above_one = field.element_sign(field.sub(base, field.one))
        strict = above_one.strict and order.strict
        if above_one.value > 0 and order.value > 0:
            return Domain(Fraction(1), lower_open=strict)
        if above_one.value > 0 and order.value < 0:
            return Domain(Fraction(0), Fraction(1), lower_open=True, upper_open=strict)
        return Positive if sign.strict else NonNegative

    def _exp(self, a: Element) -> Element:
        if a.num == 0:
            return self.field.one
        if not a.den.is_constant():
            return self.opaque("exp", a, domain=Positive)
        result = self.field.one
        for monomial, coefficient in a.num.to_dict().items():
            share = Fraction(int(coefficient), int(a.den.leading_coefficient()))
            unit = Element(self.field.ring.ring.from_dict({monomial: 1}), self.field.number(share.denominator).num)
            factor = self.opaque("exp", unit, domain=Positive)
            result = self.field.mul(result, self.field.power(factor, share.numerator))
        return result

    def _log(self, a: Element) -> Element:
        self.field.require(a.num * a.den, ">= 0")
        self.field.require(a.num, "!= 0")
        if self.field.equal(a, self.field.one):
            return self.field.zero
        if self.field.element_sign(self.field.sub(self.field.one, a)).value > 0:
            return self.field.neg(self.opaque("log", self.field.inv(a), domain=NonNegative))
        return self.opaque("log", a)

    def _cos(self, a: Element) -> Element:
        return self.field.one if a.num == 0 else self.opaque("cos", a)

    def _floor(self, a: Element) -> Element:
        """The whole part: of what is whole, itself."""
        if a.num == 0:
            return a
        whole = a.den.is_one() and all(
            position in self.whole for position, degree in enumerate(a.num.degrees()) if degree
        )
        return a if whole else self.opaque("floor", a)

    def opaque(self, kind: str, *args: Element, domain: Domain = Real) -> Element:
        """A function of which only this is used: equal arguments give equal values."""
        meaning = Meaning(kind, tuple(self.field.rationalised(arg) for arg in args))
        return Element(self.field.generator(meaning, domain), self.field.ring.one)

    def inside(self, over_model: bool) -> Converter:
        """The converter of what stands inside a function of whole arrays: facts about one element do not hold."""
        return self.on(self.field.of_all(over_model))

    def on(self, field: Field) -> Converter:
        """The same names in another field of the same ring."""
        other = Converter(field, self.values)
        other.whole = self.whole
        return other

    _operations: ClassVar[Mapping[str, Callable[..., Element]]] = {
        "add": lambda self, a, b: self.field.add(a, b),
        "sub": lambda self, a, b: self.field.sub(a, b),
        "mul": lambda self, a, b: self.field.mul(a, b),
        "div": lambda self, a, b: self.field.div(a, b),
        "neg": lambda self, a: self.field.neg(a),
        "sqrt": lambda self, a: self.field.sqrt(a),
        "abs": lambda self, a: self.field.absolute(a),
        "pow": _pow, "max": _max, "min": _min, "sign": _sign,
        "exp": _exp, "log": _log, "cos": _cos, "floor": _floor,
    }  # fmt: skip
