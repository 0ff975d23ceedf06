"""A state as a sum of multiples of the parameter and of the other states, found from its first value and its step."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import ZERO, Node, op, ref, substitute
from symopt.ir.trace import PARAMETER, Trace
from symopt.lang.domain import Real
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError, UndefinedHereError
from symopt.prove.equations import Equations

FACTOR = "?factor."


def combination(trace: Trace, state: str, deadline: Deadline) -> Node | None:
    """What a state is if it is such a sum, as a candidate; None where the equations say that it is none."""
    summands = [PARAMETER, *(other.name for other in trace.states if other.name != state)]
    unknowns = [FACTOR + name for name in summands]
    value: Node = ZERO
    for name in summands:
        value = op("add", value, op("mul", ref(FACTOR + name), ref(name)))
    start: dict[str, Node] = {other.name: other.init for other in trace.states}
    new = dict(zip(trace.step(), substitute(trace.step().values(), {state: value}), strict=True))
    claims = [(start[state], substitute([value], start)[0]), (new[state], substitute([value], new)[0])]
    observed = [PARAMETER, *(query.name for query in trace.queries), *(s.name for s in trace.states)]
    equations = Equations(trace.inputs, dict.fromkeys(unknowns, Real), observed, trace.domains, deadline)
    try:
        solution = _solution(equations, claims)
    except (NotDecidedError, UndefinedHereError):
        return None
    if solution is None:
        return None
    known = {name: solution.get(name, ZERO) for name in unknowns}
    return equations.simplified(substitute([value], known)[0])


def _solution(equations: Equations, claims: list[tuple[Node, Node]]) -> Mapping[str, Node] | None:
    """Values of the factors, one equation after the other; None where one has no solution."""
    solution: dict[str, Node] = {}
    while True:
        for claim in claims:
            field, polys = equations.coefficients(*substitute(claim, solution))
            if any(poly != 0 and not equations.unknowns_of(poly) for poly in polys):
                return None
            root = next((r for poly in polys if poly != 0 for r in equations.roots(field, poly)), None)
            if root is not None:
                break
            if any(poly != 0 for poly in polys):
                return None
        else:
            return solution
        known = {root.unknown: root.value}
        solution = {**dict(zip(solution, substitute(solution.values(), known), strict=True)), **known}
