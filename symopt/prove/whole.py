"""Functions of whole arrays in the normal form: reductions and operations on matrices.

Such a function is a generator of which this is used: equal operands give equal values, a factor that is one
number comes out of it (``sum(c*x) = c*sum(x)``), products of matrices are associative, and transposes turn them
round. What holds in the case of one element only may not be used inside an operand, and in what is taken over
the model nothing that holds in the case of one tensor only: operands that need a case split are compared in
every case of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Num, Op, Reduce, ref, refs
from symopt.ir.text import node_text
from symopt.lang.domain import Domain, NonNegative, Positive, Real
from symopt.prove.cases import MOST_CASES_INSIDE, in_every_case
from symopt.prove.elements import (
    WRITTEN,
    Element,
    ForkError,
    Meaning,
    NotDecidedError,
    OutOfGeneratorsError,
    Poly,
    poly_key,
)
from symopt.prove.field import Field
from symopt.prove.signs import Sign

if TYPE_CHECKING:
    from symopt.prove.convert import Converter

MOST_PRODUCTS = 8  # of sums that are multiplied out: more would only be longer
# Of these a factor comes out whatever its sign; of the largest and the smallest element only a positive one.
ADDITIVE = ("sum", "mean", "model_sum")


class WholeArrays:
    """Converts functions of whole arrays for one converter."""

    def __init__(self, convert: Converter) -> None:
        self.convert, self.field = convert, convert.field
        self._common: dict[bool, Converter] = {}
        self._done: dict[Node, Element] = {}

    def __call__(self, node: Reduce | MatOp) -> Element:
        """The element that a reduction or an operation on matrices is."""
        over = self._over(isinstance(node, Reduce) and node.op in MODEL_REDUCTIONS)
        try:
            value = over.whole_arrays.of_operands(node)
        except ForkError as fork:
            return self._written(node, fork)
        except OutOfGeneratorsError:
            raise
        except NotDecidedError:
            return self._as_written(node, NonNegative if _is_square(node) else Real)
        self.field.take_over(over.field)
        for condition in over.field.conditions.values():
            self.field.require(condition.poly, condition.relation)
        return value

    def of_operands(self, node: Reduce | MatOp) -> Element:
        """The element where this is the converter of operands."""
        if node not in self._done:
            self._done[node] = self._reduction(node) if isinstance(node, Reduce) else self._of_matrices(node)
        return self._done[node]

    def _over(self, over_model: bool) -> Converter:
        """The converter of operands: in it only those facts hold that are the same for all elements.

        Cases that differ in facts about single elements share it.
        """
        if over_model not in self._common:
            inside = self.convert.inside(over_model)
            key = over_model, *((poly_key(poly), sign) for poly, sign in inside.field.facts)
            self._common[over_model] = self.field.ring.inside.setdefault(key, inside)
        return self._common[over_model]

    # Reductions

    def _reduction(self, node: Reduce) -> Element:
        field, kind = self.field, f"{node.op}{'' if node.axis is None else node.axis}"
        operand = field.rationalised(self.convert(node.args[0]))
        factor, rest = self._factored(operand, node.op in MODEL_REDUCTIONS)
        if not (node.op in ADDITIVE or field.element_sign(factor).value > 0):
            factor, rest = field.one, operand
        if rest.num == 0:
            return field.zero
        sign = field.element_sign(rest)
        if node.op in ADDITIVE and sign.value < 0:  # of a sum and its negative, the one that is not negative
            factor, rest, sign = field.neg(factor), field.neg(rest), Sign(1, sign.strict)
        is_square = _is_square(node) and field.element_sign(factor) == (1, True)
        domain = Positive if sign == (1, True) else NonNegative if sign.value > 0 or is_square else Real
        return field.mul(factor, self.convert.opaque(kind, rest, domain=domain))

    def _factored(self, a: Element, over_model: bool) -> tuple[Element, Element]:
        """An element as a product of what is the same for all elements and of what is not."""
        ring, outside, inside = self.field.ring, [], []
        for side in a:
            common, rest = ring.one, ring.one
            constant, factors = ring.factor(side)
            for poly, exponent in factors:
                if ring.varies(poly, over_model):
                    rest *= poly ** int(exponent)
                else:
                    common *= poly ** int(exponent)
            outside.append(common * constant)
            inside.append(rest)
        return self.field.make(*outside), self.field.make(*inside)

    # Matrices

    def _of_matrices(self, node: MatOp) -> Element:
        args = [self.convert(arg) for arg in node.args]
        match node.op:
            case "matmul":
                return self._product(*args)
            case "transpose":
                return self._transposed(args[0])
        return self.convert.opaque(node.op, *args)

    def _product(self, a: Element, b: Element) -> Element:
        """A product of matrices: sums of few terms are multiplied out, several products taken from left to right."""
        left, right = self._terms(a), self._terms(b)
        if len(left) * len(right) > MOST_PRODUCTS:
            left, right = [self._factored(a, False)], [self._factored(b, False)]
        total = self.field.zero
        for (x, m), (y, n) in itertools.product(left, right):
            if m.num != 0 and n.num != 0:
                number = self.field.mul(x, y)
                total = self.field.add(
                    total, self.field.mul(number, self._chain([*self._factors(m), *self._factors(n)]))
                )
        return total

    def _chain(self, factors: list[Element]) -> Element:
        first, *rest = factors
        for factor in rest:
            first = self.convert.opaque("matmul", first, factor)
        return first

    def _terms(self, a: Element) -> list[tuple[Element, Element]]:
        """An element as a sum of numbers times matrices, where its denominator is a number."""
        ring = self.field.ring
        if ring.varies(a.den):
            return [self._factored(a, False)]
        numbers: dict[tuple[int, ...], Poly] = {}
        for monomial, coefficient in a.num.to_dict().items():
            exponents = tuple(map(int, monomial))
            matrix = tuple(0 if position in ring.numbers else e for position, e in enumerate(exponents))
            number = tuple(e - k for e, k in zip(exponents, matrix, strict=True))
            numbers[matrix] = numbers.get(matrix, ring.zero) + ring.ring.from_dict({number: coefficient})
        return [
            (self.field.make(number, a.den), Element(ring.ring.from_dict({matrix: 1}), ring.one))
            for matrix, number in numbers.items()
        ]

    def _factors(self, a: Element) -> list[Element]:
        """The matrices of which an element is the product."""
        meaning = self._meaning(a)
        if meaning is None or meaning.kind != "matmul":
            return [a]
        return [factor for arg in meaning.args for factor in self._factors(arg)]

    def _meaning(self, a: Element) -> Meaning | None:
        """What an element stands for that is one generator."""
        degrees = a.num.degrees()
        position = next((i for i, degree in enumerate(degrees) if degree), None)
        if position is None or not a.den.is_one() or a.num != self.field.ring.gens[position]:
            return None
        return self.field.ring.meanings.get(position)

    def _transposed(self, a: Element) -> Element:
        terms = self._terms(a)
        total = self.field.zero
        for number, matrix in terms if len(terms) <= MOST_PRODUCTS else [self._factored(a, False)]:
            total = self.field.add(total, self.field.mul(number, self._turned(matrix)))
        return total

    def _turned(self, matrix: Element) -> Element:
        """The transpose of one matrix: a product is turned round, a transpose undone."""
        meaning = self._meaning(matrix)
        if meaning is not None and meaning.kind == "transpose":
            return meaning.args[0]
        if meaning is not None and meaning.kind == "matmul":
            second, first = (self._transposed(arg) for arg in meaning.args)
            return self._product(first, second)
        return self.convert.opaque("transpose", matrix)

    # Operands without a normal form of their own

    def _written(self, node: Reduce | MatOp, fork: ForkError) -> Element:
        """What needs a case split inside: the same as another one that is equal in every case, else as it is written.

        Raises
        ------
        ForkError: the sign is the same for all elements, and is split outside.
        """
        over_model = isinstance(node, Reduce) and node.op in MODEL_REDUCTIONS
        if not self.field.ring.varies(fork.poly, over_model):
            raise fork
        kind = node.op if isinstance(node, MatOp) else (node.op, node.axis)
        seen = self.field.ring.operands.setdefault(kind, [])
        for other in seen:
            if other is node or all(self._equal(a, b, over_model) for a, b in zip(node.args, other.args, strict=True)):
                return self._as_written(other, self._domain(other, over_model))
        seen.append(node)
        return self._as_written(node, self._domain(node, over_model))

    def _equal(self, a: Node, b: Node, over_model: bool) -> bool:
        """Whether two operands are equal in every case of signs of their elements."""

        def check(convert: Converter) -> bool:
            return convert.field.equal(convert(a), convert(b))

        return self._in_every_case(check, over_model)

    def _domain(self, node: Reduce | MatOp, over_model: bool) -> Domain:
        """Where the value lies: a reduction of what is never negative is not negative."""
        if _is_square(node):
            return NonNegative
        if isinstance(node, MatOp):
            return Real

        def check(convert: Converter) -> bool:
            a = convert.field.rationalised(convert(node.args[0]))
            return a.num == 0 or convert.field.element_sign(a).value > 0

        return NonNegative if self._in_every_case(check, over_model) else Real

    def _in_every_case(self, check: Callable[[Converter], bool], over_model: bool) -> bool:
        over = self._over(over_model)

        def inside(field: Field) -> str | None:
            return None if check(over.on(field)) else "not in this case"

        cases = in_every_case(
            over.field.ring, over.field.given, inside, over.field.ring.deadline, tuple(over.field.facts),
            most=MOST_CASES_INSIDE,
        )  # fmt: skip
        if cases.open is not None or cases.undefined:
            return False
        self.field.conditions.update(cases.conditions)
        return True

    def _as_written(self, node: Reduce | MatOp, domain: Domain) -> Element:
        """A function of which only this is used: the same expression has the same value."""
        # The names that it reads are its operands too, so that what depends on them is known.
        axis = node.axis if isinstance(node, Reduce) else None
        kind = f"{node.op}{'' if axis is None else axis}"
        text = f"{kind}{WRITTEN}{', '.join(map(node_text, node.args))}"
        self.field.ring.written[text] = node
        return self.convert.opaque(text, *(self.convert(ref(name)) for name in refs(*node.args)), domain=domain)


def _is_square(node: Reduce | MatOp) -> bool:
    """Whether it is a reduction of what is written as a square."""
    if isinstance(node, MatOp) or not isinstance(node.args[0], Op):
        return False
    arg = node.args[0]
    if arg.op == "pow":
        return isinstance(arg.args[1], Num) and arg.args[1].value == 2
    return arg.op == "mul" and arg.args[0] is arg.args[1]
