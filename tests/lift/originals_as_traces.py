"""Rules against the implementations whose form they state, both as traces; what the entries of specs/originals say."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symopt.ir.nodes import num, ref, substitute
from symopt.ir.trace import PARAMETER, Let, Trace
from symopt.lift.arguments import FREE
from symopt.lift.lifted import Lifted
from symopt.lift.naming import element
from symopt.passes.specialise import rewrite, specialise
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.run.frameworks import implementation_of
from symopt.run.originals import LITERAL, Original

Lift = Callable[[Callable[..., Any], str, Mapping[str, Any]], list[Lifted]]


def verdicts(original: Original, lift: Lift) -> dict[str, str]:
    """The verdict on an entry for each scope that its implementation is lifted on."""
    implementation = implementation_of(original.implementation)
    fixed, hyper_map = arguments_of(original, implementation)
    values = {name: num(Fraction(str(value))) for name, value in original.values.items()}
    rule = trace(original.resolved)
    found = {}
    for lifted in lift(implementation, original.implementation, fixed):
        left = rewrite(rule, {name: value for name, value in values.items() if name in names_of(rule)})
        right = specialise(
            with_states_of_its_own(lifted.trace),
            {hyper.name: hyper.default for hyper in lifted.trace.hypers if hyper.name not in hyper_map},
        )
        known = {name: hyper_map[name] for name in names_of(right)}
        for name, value in original.values.items():
            known = {key: re.sub(rf"\b{name}\b", f"({Fraction(str(value))})", text) for key, text in known.items()}
        found[lifted.scope] = compare(left, right, hyper_map=known).verdict
    return found


def names_of(given: Trace) -> list[str]:
    return [hyper.name for hyper in given.hypers]


def arguments_of(original: Original, implementation: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What an entry fixes, and its hyper-parameters as expressions in those of the rule."""
    parameters = inspect.signature(implementation).parameters
    fixed: dict[str, Any] = {}
    hyper_map: dict[str, str] = {}
    for name, value in original.arguments.items():
        match value:
            case {**literal} if LITERAL in literal:
                fixed[name] = literal[LITERAL]
            case list():
                hyper_map |= {element(name, i): text for i, text in enumerate(value)}
            case str():
                hyper_map[name] = value
                if not isinstance(parameters[name].default, float):
                    fixed[name] = FREE
            case _:
                fixed[name] = value
    return fixed, hyper_map


def with_states_of_its_own(given: Trace) -> Trace:
    """The trace with states and statements that are called as nothing in a rule."""
    own = [*(state.name for state in given.states), *(let.name for let in given.lets)]
    renamed = {name: ref(f"own_{name}") for name in own}
    return replace(
        given,
        states=tuple(replace(state, name=f"own_{state.name}") for state in given.states),
        lets=tuple(Let(f"own_{let.name}", substitute([let.value], renamed)[0], let.target) for let in given.lets),
        results={
            name if name == PARAMETER else f"own_{name}": f"own_{result}" for name, result in given.results.items()
        },
    )
