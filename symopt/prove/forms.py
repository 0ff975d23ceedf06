"""Normal forms that know equal operands: what goes into a reduction or an operation on matrices is compared by proof.

Expressions are worked through from their leaves. An operand that is proved to be the same as one seen before is
replaced by that one, so that two chains of products agree where each link does, however its operands are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import Exact, ScalarArithmetic, UndecidedError, differ, is_defined
from symopt.ir.nodes import CONDITIONS, MatOp, Node, Op, Reduce, Ref, num, op, rebuild, ref, refs, substitute, walk
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, NonNegative, Real
from symopt.prove.deadline import Deadline
from symopt.prove.normal import Normal
from symopt.prove.same import provably_same

# Proofs that may be tried for one pair of rules: those that are built alike need a few.
MOST_PROOFS = 40
OPAQUE = "whole."


class Forms:
    """Canonical forms of expressions; ``names`` are those of inputs, ``domains`` where they lie."""

    def __init__(
        self, normal: Normal, names: Sequence[str], domains: Mapping[str, Domain], deadline: Deadline
    ) -> None:  # fmt: skip
        self.normal, self.names, self.domains, self.deadline = normal, tuple(names), domains, deadline
        self._done: dict[Node, Node] = {}
        self._same_as: dict[Node, Node] = {}
        self._seen: list[tuple[Node, Node, list[Exact]]] = []
        self._points: tuple[dict[str, Fraction], ...] = ({}, {})
        self._opaque: dict[Node, Ref] = {}
        self._total: dict[Node, bool] = {}
        self._proofs = 0

    def __call__(self, root: Node) -> Node:
        """The form: two expressions that have the same are the same number wherever both are defined."""
        return self._representative(self.inner(root))

    def inner(self, root: Node) -> Node:
        """The expression over canonical operands."""
        for node in walk([root]):
            if node not in self._done:
                args = tuple(self._done[arg] for arg in node.args)
                whole = isinstance(node, Reduce | MatOp)
                self._done[node] = rebuild(node, tuple(map(self._representative, args)) if whole else args)
        return self._done[root]

    def is_total(self, node: Node) -> bool:
        """Whether an operation is proved to be defined for all values of its operands."""
        if node not in self._total:
            named = rebuild(node, tuple(map(self._named, node.args)))
            self._total[node] = self._proved(named, named)
        return self._total[node]

    def _representative(self, node: Node) -> Node:
        form = self.normal(node)
        if form not in self._same_as:
            number, rest = self.normal.parts(form)
            self._same_as[form] = self.normal(op("mul", self._known(number), self._known(rest)))
        return self._same_as[form]

    def _known(self, form: Node) -> Node:
        """A multiple of an expression seen before that this one is, or this one."""
        if not isinstance(form, Op) or form.op in CONDITIONS:
            return form
        own = self._named(form)
        values = self._values(own)
        for other, there, known in self._seen:
            factor = _factor(values, known)
            if factor is not None and self._proved(own, op("mul", num(factor), there)):
                return op("mul", num(factor), other)
        self._seen.append((form, own, values))
        return form

    def _values(self, named: Node) -> list[Exact]:
        """The values at two points, which tell most expressions that differ apart; none where one is not known."""
        found: list[Exact] = []
        for point in self._points:
            for name in refs(named):
                place = len(point) + len(found)
                is_whole = name in self.domains and self.domains[name].integer
                point.setdefault(name, Fraction(place + 2) if is_whole else Fraction(2 * place + 3, 3 * place + 7))
            try:
                found += evaluate([named], point, ScalarArithmetic())
            except UndecidedError:
                return []
        return found if all(map(is_defined, found)) else []

    def _proved(self, a: Node, b: Node) -> bool:
        """Whether two expressions over names are the same for all values, and defined for all."""
        if self._proofs == MOST_PROOFS:
            return False
        self._proofs += 1
        names = (*self.names, *(name.name for name in self._opaque.values()))
        domains = {name.name: NonNegative if isinstance(node, Op) else Real for node, name in self._opaque.items()}
        known = {**self.domains, **domains}
        first = substitute([a, b], {STEP: num(1)})  # a general step is one after the first
        return all(provably_same(x, y, names, known, self.deadline) for x, y in dict.fromkeys([(a, b), tuple(first)]))

    def _named(self, root: Node) -> Node:
        """The expression with names for what the proof does not look into: whole arrays, and roots of elements."""
        done: dict[Node, Node] = {}
        for node in walk([root]):
            if self._is_opaque(node):
                done[node] = self._opaque.setdefault(node, ref(f"{OPAQUE}{len(self._opaque)}"))
            else:
                done[node] = rebuild(node, tuple(done[arg] for arg in node.args))
        return done[root]

    def _is_opaque(self, node: Node) -> bool:
        if isinstance(node, Op) and node.op == "sqrt":
            return bool(self.normal.over(node)) or any(isinstance(part, Reduce) for part in walk([node]))
        return isinstance(node, Reduce | MatOp)


def _factor(values: Sequence[Exact], others: Sequence[Exact]) -> Fraction | None:
    """The number by which values may be multiples of others."""
    if not all(isinstance(value, Fraction) and value for value in (*values, *others)):
        return Fraction(1) if not any(map(differ, values, others)) else None
    ratios = {Fraction(a, b) for a, b in zip(values, others, strict=False)}
    return ratios.pop() if len(ratios) == 1 else None
