"""A rule for Coq: a record of its state, where it starts, its step and the points at which it asks for gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symopt.coq.terms import Count, Printer, comment, coq_name, number
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain

ANY, FIRST = Count("t", 0), Count(None, 1)


def rule_view(prefix: str, trace: Trace, names: Mapping[str, str], answers: Sequence[str]) -> dict[str, Any]:
    """What the template of a rule is filled with.

    Parameters
    ----------
    names: what hyper-parameters are called, and what steps are given, by name.
    answers: what the gradients are called, in the order in which they are asked for.
    """
    own = {**names, PARAMETER: "p"}
    own |= {query.name: name for query, name in zip(trace.queries, answers, strict=False)}
    own |= {state.name: coq_name("s", state.name) for state in trace.states}
    states = [coq_name(prefix, state.name) for state in trace.states]
    first = {name: text[:-3] + " 1)" if text.endswith(" t)") else text for name, text in own.items()}
    lets = []
    for let in trace.lets:
        own[let.name] = coq_name("x", let.name)
        lets.append((own[let.name], Printer(own, {STEP: ANY}, unfolded=False)(let.value)))
    here = Printer(own, {STEP: ANY}, unfolded=False)
    return {
        "rule": comment(trace.title), "prefix": prefix, "states": states,
        "fields": list(zip((own[state.name] for state in trace.states), states, strict=True)),
        "start": [Printer(first, {}, unfolded=False)(state.init) for state in trace.states],
        "lets": lets, "new": [own[trace.results[n]] for n in (PARAMETER, *(s.name for s in trace.states))],
        "points": [(point_name(prefix, i), here(query.point)) for i, query in enumerate(trace.queries)],
    }  # fmt: skip


def point_name(prefix: str, number: int) -> str:
    """The point at which a rule asks for a gradient, as a function of the step and the state."""
    return f"point_{prefix}{number}"


def all_answers(answers: Sequence[str]) -> dict[str, str]:
    """The gradients of all steps: their names, and as arguments of a step in the places that templates have."""
    steps = {"in_run": "(S k)", "any": "n", "first": "1", "next": "(S n)", "later": "(S (S n))"}
    return {
        "names": " ".join(map(_all, answers)),
        **{place: answers_at(answers, step) for place, step in steps.items()},
    }


def answers_at(answers: Sequence[str], step: str) -> str:
    """The gradients of one step, as arguments."""
    return "".join(f" ({_all(answer)} {step})" for answer in answers)


def _all(answer: str) -> str:
    return f"all_{answer}"


def domain_text(domain: Domain, name: str) -> str:
    """A domain as a hypothesis; nothing for all real numbers."""
    low = "" if domain.lower is None else f"{number(domain.lower)} {'<' if domain.lower_open else '<='} {name}"
    high = "" if domain.upper is None else f"{name} {'<' if domain.upper_open else '<='} {number(domain.upper)}"
    return " /\\ ".join(part for part in (low, high) if part)
