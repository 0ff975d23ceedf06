"""What is proved of the implementations that ``specs/originals`` names: each is lifted and compared with its rule."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import num
from symopt.lang.declare import Hyper
from symopt.lang.domain import exact_number
from symopt.lift.arguments import FREE, is_number
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.lift.roles import default_of
from symopt.lift.shapes import MATRICES
from symopt.passes.specialise import rewrite
from symopt.passes.tracing import trace
from symopt.prove.compare import compare_within
from symopt.prove.verdict import Verdict
from symopt.run.frameworks import implementation_of
from symopt.run.originals import LITERAL, Original
from symopt.targets.compare import Question
from symopt.targets.resolve import lifted_object
from symopt.targets.subject import CATALOGUE, Subject

# What is said must not depend on how fast a machine is.
TIME_LIMIT = 60.0


@dataclass(frozen=True)
class Stated:
    """An entry and the verdict on it; where there is none, ``reason`` says why, and ``random`` whether numbers are."""

    original: Original
    verdict: Verdict | None
    reason: str = ""
    is_random: bool = False


def stated(original: Original, time_limit: float = TIME_LIMIT) -> Stated:
    """The verdict on an entry: its implementation, built as it says, against its rule, under the map that it states.

    Arguments that the entry does not give have their defaults.

    Raises
    ------
    MissingToolError: the implementation is not installed.
    """
    implementation = implementation_of(original.implementation)
    left = _rule(original)
    if left.trace.draws:
        return Stated(original, None, "every library has random numbers of its own", is_random=True)
    try:
        right, hyper_map = _implementation(original, implementation)
        found = Question(left, right, hyper_map, (), time_limit, compare_within).answer()
    except UnsupportedError as error:
        return Stated(original, None, str(error))
    return Stated(original, replace(found.verdict, left=left.title, right=right.title))


def target_of(original: Original) -> str:
    """The implementation as a target of the command line: what is neither a default nor a number is in brackets."""
    fixed = _settings(original, implementation_of(original.implementation))
    written = ",".join(f"{name}={value if value == FREE else repr(value)}" for name, value in fixed.items())
    return f"{original.implementation}[{written}]" if written else original.implementation


def _rule(original: Original) -> Subject:
    """The rule with the values that the entry fixes; what an inner rule has of its own keeps its defaults."""
    found = trace(original.resolved)
    inner = {h.name: h.default for h in found.hypers if h.name not in original.resolved.declared(Hyper)}
    given = {h.name: exact_number(original.values[h.name]) for h in found.hypers if h.name in original.values}
    fixed = {name: num(value) for name, value in {**inner, **given}.items()}
    return Subject(original.rule, (Lifted(rewrite(found, fixed), CATALOGUE),), original.resolved)


def _implementation(original: Original, implementation: Any) -> tuple[Subject, dict[str, str]]:
    """What the entry builds, lifted on the shapes that it is about, and the map that it states."""
    fixed = _settings(original, implementation)
    stated = _expressions(original)
    hyper_map: dict[str, str] = {}
    parts = []
    given = {**_switches(original, implementation), **fixed}
    for part in lifted_object(implementation, original.implementation, given):
        if not _is_meant(part, original.shapes):
            continue
        known = {name: stated[path] for name, path in part.hyper_paths.items() if path in stated}
        rest = {h.name: num(h.default) for h in part.trace.hypers if h.name not in known}
        parts.append(replace(part, trace=rewrite(part.trace, rest)))
        hyper_map |= {hyper.name: known[hyper.name] for hyper in parts[-1].trace.hypers}
    if not parts:
        raise UnsupportedError(f"{original.implementation}: lifted on none of the shapes that the entry is about")
    return Subject(target_of(original), tuple(parts), None, fixed), hyper_map


def _settings(original: Original, implementation: Any) -> dict[str, Any]:
    """The arguments that are no hyper-parameters, and those that are free though their default is no number."""
    parameters = signature(implementation).parameters
    fixed: dict[str, Any] = {}
    for name, value in original.arguments.items():
        match value:
            case {**literal} if LITERAL in literal:
                fixed[name] = literal[LITERAL]
            case str():
                fixed |= {} if _is_free(parameters.get(name)) else {name: FREE}
            case list() if not _are_numbers(parameters[name].default, len(value)):
                fixed[name] = original.built(original.hypers({}))[name]
            case list():
                continue
            case _:
                fixed[name] = value
    return fixed


def _is_free(parameter: Parameter | None) -> bool:
    """Whether an argument is a hyper-parameter without being told so."""
    if parameter is None:
        return False
    is_required = parameter.default is Parameter.empty
    return isinstance(parameter.default, float) or (is_required and default_of(parameter.name) is not None)


def _switches(original: Original, implementation: Any) -> dict[str, Any]:
    """The defaults of other arguments that are whole numbers: a decay of 0 and one that is free are different code."""
    others = {name: p.default for name, p in signature(implementation).parameters.items()}
    return {
        name: default for name, default in others.items()
        if name not in original.arguments and is_number(default) and exact_number(default).denominator == 1
    }  # fmt: skip


def _are_numbers(default: object, count: int) -> bool:
    """Whether a default is that many numbers, so that each is a hyper-parameter."""
    return isinstance(default, tuple | list) and len(default) == count and all(map(is_number, default))


def _expressions(original: Original) -> dict[str, str]:
    """Argument, as ``betas[0]`` where it is an element -> what it is in the rule's hyper-parameters."""
    found: dict[str, str] = {}
    for name, value in original.arguments.items():
        match value:
            case str():
                found[name] = value
            case list():
                found |= {f"{name}[{i}]": str(item) for i, item in enumerate(value)}
    return {path: _with_values(text, original.values) for path, text in found.items()}


def _with_values(text: str, values: Mapping[str, float]) -> str:
    for name, value in values.items():
        text = re.sub(rf"\b{name}\b", f"({exact_number(value)})", text)
    return text


def _is_meant(part: Lifted, shapes: Sequence[Sequence[int]]) -> bool:
    """Whether an entry is about the shapes that a trace holds for."""
    if not shapes or part.scope == ALL_SHAPES:
        return True
    is_matrix = part.matrix is not None or part.scope == MATRICES
    return any((len(shape) > 1) is is_matrix for shape in shapes)
