"""Limits of the values of a step: proved by continuity in every case of signs, refuted at a point."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from symopt.catalogue import resolve
from symopt.checker.limits import check_limit
from symopt.errors import UsageError
from symopt.ir.claims import Reader
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, differ, is_defined, precision
from symopt.ir.nodes import Node, num, refs, substitute
from symopt.ir.shape import let_shapes
from symopt.ir.trace import STEP, Trace
from symopt.lang.domain import Domain, NonNegative, Positive
from symopt.lang.theorem import Limit
from symopt.passes.tracing import trace as traced
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.elements import ForkError, NotDecidedError, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.invariants import nonnegative_states
from symopt.prove.proof import Proof, Step
from symopt.prove.render import condition_text, element_node, node_text, poly_node
from symopt.prove.runs import BITS, written
from symopt.prove.settlement import Settlement
from symopt.prove.structure.approach import SMALL, Approach, LimitInCase, read_approach

PLACES = tuple(map(Fraction, ("1/2", "2", "1/4", "3", "-1", "1", "-2")))


def settle_limit(claim: Limit, trace: Trace, time_limit: float) -> Settlement:
    """Prove a limit by continuity, or find a point at which there is another one.

    Raises
    ------
    UsageError: the claim names what the rule has not, or its value depends on what moves.
    """
    deadline = Deadline.after(time_limit)
    beside = traced(resolve(claim.beside)) if claim.beside else None
    read = Reader(trace, beside)
    approach = read_approach(claim.when, tuple(hyper.name for hyper in trace.hypers))
    of, value = read(claim.of), read(claim.value)
    if approach.variable in refs(value):
        raise UsageError(f"{claim.value!r}: the limit depends on {approach.variable}, which moves")
    _refuse_outside(trace, approach)
    general = _general(trace, deadline)
    found = _refuted(general, trace, of, value, approach, deadline)
    if found is not None:
        return Settlement.fails(found, check_limit(trace, claim, beside, found))
    # A general step is one after the first; where it is not t that moves, the first one counts too.
    pairs = [(of, value)]
    if approach.variable != STEP:
        first_of, first_value = substitute([of, value], {STEP: num(1)})
        pairs.append((first_of, first_value))
    shown: list[str] = []

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        for node, wanted in pairs:
            limit = LimitInCase(field, convert, approach)(node)
            if not shown:
                shown.append(node_text(element_node(field, limit)))
            if not field.equal(limit, convert(wanted)):
                return f"the limit is {node_text(element_node(field, limit))} as far as it is known"
        return None

    cases = in_every_case(general.generators, general.domains, check, deadline)
    if cases.open is not None:
        return Settlement.unknown(cases.open)
    field = Field(general.generators, general.domains)
    conditions = tuple(condition_text(field, c) for c in cases.conditions.values())
    conditions += tuple(_excluded(field, facts) for facts in cases.undefined)
    how = "continuity: arithmetic and roots whose denominators are not zero at the limit"
    if approach.to is None:
        how = "powers b**x with 0 <= b < 1 vanish faster than any power of 1/x; then " + how
    many = f", in each of {cases.number} cases of signs" if cases.number > 1 else ""
    return Settlement.holds(
        Proof((Step(str(claim), how + many, conditions),)), check_limit(trace, claim, beside), shown[0]
    )


def _excluded(field: Field, facts: Sequence[tuple[Any, int]]) -> str:
    """A case of signs in which something in the claim is undefined."""
    relations = {1: ">", 0: "=", -1: "<"}
    parts = [f"{node_text(poly_node(field, poly))} {relations[sign]} 0" for poly, sign in facts]
    return f"not ({' and '.join(parts)})"


def _refuse_outside(trace: Trace, approach: Approach) -> None:
    """What moves has to be able to get there from inside of its domain."""
    domain = trace.domains[approach.variable]
    if approach.to is None and domain.upper is not None:
        raise UsageError(f"{approach.variable} cannot grow without bound: {domain.describe(approach.variable)}")


def _general(trace: Trace, deadline: Deadline) -> GeneralStep:
    initial = {state.name: state.init for state in trace.states}
    kept = nonnegative_states(trace.step(), initial, trace.inputs, trace.domains, deadline)
    domains: dict[str, Domain] = {**trace.domains, **dict.fromkeys(kept, NonNegative), SMALL: Positive}
    shapes = let_shapes(trace)
    general = GeneralStep((*trace.inputs, SMALL), domains, [n for n in trace.inputs if shapes[n].is_scalar] + [SMALL])
    general.generators.deadline = deadline
    return general


def _refuted(
    general: GeneralStep, trace: Trace, of: Node, value: Node, approach: Approach, deadline: Deadline
) -> dict[str, Any] | None:
    """Values of all names but the one that moves, for which the limit is certainly another than the one claimed."""
    used = [name for name in dict.fromkeys(refs(of, value)) if name != approach.variable]
    for shift in range(len(PLACES)):
        deadline.check()
        point = {
            name: _place(trace.domains.get(name, general.domains.get(name, Domain())), i + shift, name)
            for i, name in enumerate(used)
        }
        nodes = substitute([of, value], {name: num(x) for name, x in point.items()})
        try:
            limit = _limit_at(general, nodes[0], approach)
            with precision(BITS):
                here = evaluate([limit, nodes[1]], {}, ScalarArithmetic())
                if all(map(is_defined, here)) and differ(*here):
                    texts = {name: str(x) for name, x in point.items()}
                    return {"point": texts, "limit": written(here[0]), "claimed": written(here[1])}
        except (ForkError, NotDecidedError, UndefinedHereError, UndecidedError, ZeroDivisionError, KeyError):
            continue
    return None


def _place(domain: Domain, i: int, name: str) -> Fraction:
    if name == STEP:
        return Fraction(1 + i % 3)
    fits = [x for x in PLACES if x in domain] or [domain.lower or domain.upper or Fraction(1)]
    return fits[i % len(fits)]


def _limit_at(general: GeneralStep, node: Node, approach: Approach) -> Node:
    field = Field(general.generators, general.domains)
    convert = Converter(field, general.values(field), general.whole)
    return element_node(field, LimitInCase(field, convert, approach)(node))
