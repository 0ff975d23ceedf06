"""Properties of one rule: closed forms by unrolling and induction, sums of weights, the first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from symopt.checker.check import check_property
from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ONE, ZERO, Node, num, op, ref, refs, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain, NonNegative
from symopt.lang.theorem import ClosedForm, FirstStep, WeightsSum
from symopt.passes.specialise import rewrite
from symopt.prove.cases import Cases, in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.equations import Equations
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.invariants import nonnegative_states
from symopt.prove.proof import Proof, Step
from symopt.prove.render import condition_text, node_text
from symopt.prove.settlement import Settlement

INDEX = "k"
LAG = "lag"
WholeNumber = Domain(lower=Fraction(0), integer=True)


def settle_unrolled(claim: ClosedForm | WeightsSum | FirstStep, trace: Trace, time_limit: float) -> Settlement:
    """Prove a closed form, a sum of weights or a first step, and have it unrolled by the checker.

    Raises
    ------
    UsageError: the claim names what the rule has not.
    """
    if isinstance(claim, ClosedForm) and claim.given:
        trace = _with_given(trace, claim.given)
    settled = PropertyProver(trace, Deadline.after(time_limit)).settle(claim)
    if settled.proof is None:
        return Settlement.unknown("; ".join(part for part in (settled.found, settled.reason) if part))
    return Settlement.holds(settled.proof, check_property(trace, claim))


def _with_given(trace: Trace, given: Mapping[str, str]) -> Trace:
    """The rule with hyper-parameters replaced by expressions in the others and the step."""
    names = tuple(hyper.name for hyper in trace.hypers)
    for name in given:
        if name not in names:
            raise UsageError(f"{trace.title} has no hyper-parameter {name!r}; {nearest(name, names)}")
    return rewrite(trace, {name: read_expression(text, names) for name, text in given.items()})


@dataclass(frozen=True)
class Settled:
    """A property that was proved, or the reason why it was not; ``found`` is what the prover derived."""

    proof: Proof | None
    found: str = ""
    reason: str = ""


class PropertyProver:
    """Settles properties of one trace."""

    def __init__(self, trace: Trace, deadline: Deadline) -> None:
        self.trace, self.deadline = trace, deadline
        self.hypers = tuple(hyper.name for hyper in trace.hypers)
        self.states = tuple(state.name for state in trace.states)
        self.gradients = tuple(query.name for query in trace.queries)
        self.names = (*self.hypers, PARAMETER, *self.gradients, *trace.given, *trace.draws, *self.states)
        initial = {state.name: state.init for state in trace.states}
        kept = nonnegative_states(trace.step(), initial, self.names, trace.domains, deadline)
        self.domains: dict[str, Domain] = {**trace.domains, **dict.fromkeys(kept, NonNegative)}

    def settle(self, subject: ClosedForm | WeightsSum | FirstStep) -> Settled:
        """Prove a property, or say why not.

        Raises
        ------
        UsageError: the property names what the rule has not.
        """
        match subject:
            case ClosedForm():
                return self._closed_form(subject)
            case WeightsSum():
                return self._weights_sum(subject)
            case FirstStep():
                return self._first_step(subject)

    def _value(self, name: str) -> Node:
        """The value of a statement, or the new value of a state, over the inputs."""
        named = {let.target: let.name for let in self.trace.lets} | dict(self.trace.results)
        if name not in named:
            raise UsageError(f"{self.trace.title} has no statement or state {name!r}; {nearest(name, named)}")
        return self.trace.expand(ref(named[name]))

    def _read(self, text: str, *more: str) -> Node:
        return read_expression(text, (*self.hypers, PARAMETER, *self.gradients, *more))

    def _same(self, pairs: list[tuple[Node, Node]], *more: str) -> Cases:
        """Whether the two of every pair are equal for all values of the names."""
        general = GeneralStep((*self.names, *more), {**self.domains, **dict.fromkeys(more, WholeNumber)})

        def check(field: Field) -> str | None:
            convert = Converter(field, general.values(field), general.whole | frozenset(more))
            for a, b in pairs:
                if not field.equal(convert(a), convert(b)):
                    return f"{node_text(a)} was not shown to be {node_text(b)}"
            return None

        cases = in_every_case(general.generators, general.domains, check, self.deadline)
        field = Field(general.generators, general.domains)
        self._conditions = tuple(condition_text(field, c) for c in cases.conditions.values())
        return cases

    def _linear(self, value: Node, state: str) -> tuple[Node, Node]:
        """``(a, c)`` with ``value = a*state + c`` as a candidate: the values at state 1 less 0, and at 0."""
        at_one, at_zero = (substitute([value], {state: num(k)})[0] for k in (1, 0))
        return op("sub", at_one, at_zero), at_zero

    def _closed_form(self, claim: ClosedForm) -> Settled:
        """By induction: the state starts at 0, a step multiplies what was there by a factor and adds one term."""
        value = self._value(claim.of)
        start = next((state.init for state in self.trace.states if state.name == claim.of), None)
        if start is not ZERO:
            return Settled(None, reason=f"{claim.of} is no state that starts at 0")
        factor, added = self._linear(value, claim.of)
        if {*refs(factor)} & {PARAMETER, *self.gradients, *self.states} or {*refs(added)} & {*self.states}:
            factor = self._constant(factor)
        term = self._read(claim.term, INDEX)
        last = substitute([term], {INDEX: ref(STEP)})[0]
        # k = t - 1 - lag with lag >= 0 a name of its own, so that powers of it are generators.
        index = op("sub", op("sub", ref(STEP), ONE), ref(LAG))
        now = substitute([term], {INDEX: index})[0]
        before = substitute([term], {STEP: op("sub", ref(STEP), ONE), INDEX: index})[0]
        linear = op("add", op("mul", factor, ref(claim.of)), added)
        first = substitute([value, last], {claim.of: ZERO, STEP: ONE})
        cases = self._same(
            [(value, linear), (added, last), (now, op("mul", factor, before)), (first[0], first[1])], LAG
        )  # fmt: skip
        found = f"each step multiplies {claim.of} by {node_text(factor)} and adds {node_text(added)}"
        if cases.open is not None:
            return Settled(None, found, cases.open)
        return Settled(
            Proof((
                Step(f"{claim.of} = 0 before the first step", "the initial state"),
                Step(found, "equal normal forms", self._conditions),
                Step(f"the new term is {claim.term} at k = t", "equal normal forms"),
                Step(f"every earlier term at step t is {node_text(factor)} times what it was", "equal normal forms"),
                Step(str(claim), "induction over the steps"),
            )),
            found,
        )  # fmt: skip

    def _constant(self, node: Node) -> Node:
        """A coefficient without the names that cancel in it."""
        gone: dict[str, Node] = dict.fromkeys((PARAMETER, *self.gradients, *self.states), ZERO)
        return substitute([node], gone)[0]

    def _weights_sum(self, claim: WeightsSum) -> Settled:
        """Unroll with every ``over`` equal to 1: the sum of the weights obeys the state's own recurrence."""
        value, over = self._value(claim.of), self._read(claim.over)
        read = [name for name in refs(value) if name in self.states]
        if len(read) != 1:
            return Settled(None, reason=f"{claim.of} reads {len(read)} states; a weighted sum reads one")
        (state,) = read
        if next(s.init for s in self.trace.states if s.name == state) is not ZERO:
            return Settled(None, reason=f"{state} does not start at 0")
        factor, weight = self._weights(self._value(state), state, over)
        value_factor, value_weight = self._weights(value, state, over)
        linear = [
            (node, op("add", op("mul", a, ref(state)), op("mul", w, over)))
            for node, a, w in ((self._value(state), factor, weight), (value, value_factor, value_weight))
        ]
        # The recurrence W(t) = factor*W(t-1) + weight with constant factor has the sum of a geometric series.
        total = op("div", op("mul", weight, op("sub", ONE, op("pow", factor, ref(STEP)))), op("sub", ONE, factor))
        earlier = substitute([total], {STEP: op("sub", ref(STEP), ONE)})[0]
        recurrence = (total, op("add", op("mul", factor, earlier), weight))
        start = (substitute([total], {STEP: ONE})[0], weight)
        whole = op("add", op("mul", value_factor, earlier), value_weight)
        if STEP in refs(factor, weight):
            return Settled(None, reason=f"the weights of {state} change from step to step")
        cases = self._same([*linear, recurrence, start, (whole, self._read(claim.total))])
        # At t = 1 nothing stands before the first weight.
        first = self._same([tuple(substitute([value_weight, self._read(claim.total)], {STEP: ONE}))])  # type: ignore[list-item]
        found = f"the weights sum to {self._shown(whole)}"
        if cases.open is not None or first.open is not None:
            return Settled(None, found, cases.open or first.open or "")
        kept, new = (f"({self._shown(node)})" for node in (factor, weight))
        return Settled(
            Proof((
                Step(f"{state} after a step is {kept}*{state} + {new}*({claim.over})", "equal normal forms",
                     self._conditions),
                Step(f"so the sum of its weights starts at 0 and becomes {kept} times itself plus {new} at each step: "
                     f"it is {self._shown(total)}",
                     "unrolling to a geometric series, checked by induction"),
                Step(str(claim), "equal normal forms"),
            )),
            found,
        )  # fmt: skip

    def _weights(self, value: Node, state: str, over: Node) -> tuple[Node, Node]:
        """The coefficients of the state and of ``over``, as candidates: ``over`` is 1 where the gradient is 1."""
        gone: dict[str, Node] = {PARAMETER: ZERO}
        nothing = dict.fromkeys(self.gradients, ZERO)
        factor = substitute([value], {**gone, **nothing, state: ONE})[0]
        weight = substitute([value], {**gone, **dict.fromkeys(self.gradients, ONE), state: ZERO})[0]
        return factor, weight

    def _simple(self, node: Node) -> Node:
        """An expression by its normal form."""
        return Equations(self.names, {}, (), self.domains, self.deadline).simplified(node)

    def _shown(self, node: Node) -> str:
        return node_text(self._simple(node))

    def _first_step(self, claim: FirstStep) -> Settled:
        start: Mapping[str, Node] = {state.name: state.init for state in self.trace.states}
        value = substitute([self.trace.step()[PARAMETER]], {**start, STEP: ONE})[0]
        wanted = self._read(claim.value)
        cases = self._same([(value, wanted)])
        if cases.open is not None:
            return Settled(None, reason=cases.open)
        how = (
            f"equal normal forms in each of {cases.number} cases of signs" if cases.number > 1 else "equal normal forms"
        )
        return Settled(Proof((Step(str(claim), how, self._conditions),)), claim.value)
