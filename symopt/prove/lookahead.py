"""Look-ahead: a rule that asks for its gradient away from the parameter, written in the point that it asks at.

Nesterov's two sequences are one rule in two variables: the parameter that is kept, and the point of
the gradient. Written in the latter, a rule can be compared with one that keeps that point.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from symopt.ir.nodes import ONE, Node, num, op, ref, refs, substitute
from symopt.ir.trace import PARAMETER, STEP, Let, Query, Trace
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.found import Varying
from symopt.prove.general import GeneralStep
from symopt.prove.mapped import mapped_equality
from symopt.prove.plain import plain_equality
from symopt.prove.render import node_text
from symopt.prove.witness import find_witness

KEPT, MOVED = "p_kept", "p_moved"
# Conditions that say no more than that a hyper-parameter is a constant.
ALWAYS = "is the same at every step"


@dataclass(frozen=True)
class Shifted:
    """A trace over the point of its gradient, and that point in the names of the original."""

    trace: Trace
    point: Node


def shifted(trace: Trace, deadline: Deadline) -> Shifted | None:
    """The trace with the point of its one gradient as parameter.

    None where it has several gradients, where the point is not ``a*p + b`` with ``a`` and ``b`` free
    of the parameter, or where it is not the parameter itself before the first step.
    """
    if len(trace.queries) != 1 or not trace.looks_ahead:
        return None
    (query,), (point,) = trace.queries, trace.points().values()
    at_one, offset = (substitute([point], {PARAMETER: num(k)})[0] for k in (1, 0))
    slope = op("sub", at_one, offset)
    if query.name in refs(point):
        return None
    start = substitute([point], {**{s.name: s.init for s in trace.states}, STEP: ONE})[0]
    linear = op("add", op("mul", slope, ref(PARAMETER)), offset)
    flat = substitute([slope], dict.fromkeys([s.name for s in trace.states], num(0)))[0]
    if not _equal(trace, [(point, linear), (slope, flat), (start, ref(PARAMETER))], deadline):
        return None
    kept = Let(KEPT, op("div", op("sub", ref(PARAMETER), offset), flat), KEPT)
    lets = [kept, *(Let(x.name, _over_kept(x.value), x.target, x.place) for x in trace.lets)]
    new: dict[str, Node] = {name: ref(let) for name, let in trace.results.items()}
    later = {STEP: op("add", ref(STEP), ONE), **new}
    lets.append(Let(MOVED, substitute([point], later)[0], MOVED))
    return Shifted(
        replace(
            trace, lets=tuple(lets), queries=(Query(query.name, ref(PARAMETER)),),
            results={**trace.results, PARAMETER: MOVED},
        ),
        point,
    )  # fmt: skip


def _over_kept(node: Node) -> Node:
    return substitute([node], {PARAMETER: ref(KEPT)})[0]


def _equal(trace: Trace, pairs: list[tuple[Node, Node]], deadline: Deadline) -> bool:
    general = GeneralStep(tuple(trace.inputs), trace.domains)

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        return None if all(field.equal(convert(a), convert(b)) for a, b in pairs) else "not equal"

    return in_every_case(general.generators, general.domains, check, deadline).open is None


def equal_in_the_shifted_variable(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> tuple[str, ...]:
    """Under which reading of the parameter two different rules are equal, as conditions."""
    if left.looks_ahead == right.looks_ahead:
        return ()
    ahead = left if left.looks_ahead else right
    moved = shifted(ahead, deadline)
    if moved is None:
        return ()
    a, b = (moved.trace, right) if ahead is left else (left, moved.trace)
    if find_witness(a, b, varying, deadline)[0] is None:
        found = plain_equality(a, b, varying, deadline)[0]
    else:
        found = mapped_equality(a, b, varying, deadline)
    if found is None or found.repair:
        return ()
    maps = [f"{name} = {text}" for name, text in found.hyper_map.items() if name != text]
    under = f", under {', '.join(maps)}" if maps else ""
    needed = [condition for condition in found.conditions if not condition.endswith(ALWAYS)]
    under += f", if {' and '.join(needed)}" if needed else ""
    side = "left" if ahead is left else "right"
    point = node_text(moved.point)
    return (f"equal where the parameter of the {side} is read at the point of its gradient, {point}{under}",)
