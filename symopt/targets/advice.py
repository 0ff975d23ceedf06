"""The map of hyper-parameters as code: what to pass to one side to get the other's numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import refs
from symopt.ir.trace import SIZES, STEP, Trace
from symopt.prove.verdict import Verdict
from symopt.targets.compare import Answer, Compared
from symopt.targets.resolve import is_step
from symopt.targets.subject import CATALOGUE, Subject

PATH = re.compile(r"(?P<argument>\w+)(\[(?P<position>\d+)\])?\Z")
FIXED = re.compile(r"(?P<name>\w+) = (?P<value>[^=<>]+)\Z")
# What comes before the hyper-parameters in a call.
FIRST = {"torch": ("params",), "c": ("p", "g", "...")}
FIRST_OF_STEP = ("params", "grads", "...")
LEARNING_RATES = ("lr", "learning_rate")
# What to do about an argument that changes from step to step: about the learning rate, and about any other.
CHANGING = {
    CATALOGUE: ("give it as a schedule", "give it as a schedule"),
    "torch": ("set it in param_groups before every step", "set it in param_groups before every step"),
    "jax": (
        "pass a function of the step, which counts from 0",
        "pass a function of the step, which counts from 0, through optax.inject_hyperparams",
    ),
    "keras": (
        "pass a LearningRateSchedule, which counts from 0",
        "Keras takes one number; set it anew before every step",
    ),
}
BY_CALL = "pass the value of every step"


@dataclass(frozen=True)
class Call:
    """A call with its hyper-parameters as texts; ``changing`` are the arguments that depend on the step."""

    text: str
    changing: tuple[str, ...] = ()


def as_code(answer: Answer) -> list[str]:
    """Both calls with which the two sides are the same, and notes on what a call cannot say.

    Nothing where they are not, or where both are rules with the same hyper-parameters.
    """
    verdict = answer.verdict
    compared = answer.compared
    if verdict.verdict not in ("equal", "equal-if") or compared is None:
        return []
    left = _left_values(compared.traces.left, verdict.conditions)
    right = _right_values(verdict, compared)
    if all(side.rule is not None for side in (answer.left, answer.right)) and all(n == v for n, v in right.items()):
        return []
    calls = [call_of(answer.left, compared.traces.left, left), call_of(answer.right, compared.traces.right, right)]
    lines = [call.text for call in calls]
    for subject, call in zip((answer.left, answer.right), calls, strict=True):
        for argument in call.changing:
            lines.append(f"{argument} changes from step to step (t = 1, 2, ...): {_how(subject, argument)}")
    return lines


def _how(subject: Subject, argument: str) -> str:
    """What to do about an argument that changes from step to step."""
    if _is_step(subject):
        return BY_CALL
    rate, other = CHANGING.get(subject.framework, (BY_CALL, BY_CALL))
    return rate if argument in LEARNING_RATES else other


def _is_step(subject: Subject) -> bool:
    """Whether a subject is a function that makes one step."""
    return subject.framework in ("numpy", "jax") and subject.origin is not None and is_step(subject.origin.item)


def call_of(subject: Subject, trace: Trace, values: Mapping[str, str]) -> Call:
    """The call that makes a subject with values for its hyper-parameters."""
    lifted = subject.parts[0]
    arguments: dict[str, str] = {name: repr(value) for name, value in subject.fixed.items() if _is_kept(name, value)}
    tuples: dict[str, dict[int, str]] = {}
    changing = []
    for hyper in trace.hypers:
        match = PATH.match(lifted.hyper_paths.get(hyper.name, hyper.name))
        value = values[hyper.name]
        argument, position = (match["argument"], match["position"]) if match is not None else (hyper.name, None)
        if position is None:
            arguments[argument] = value
        else:
            tuples.setdefault(argument, {})[int(position)] = value
            arguments[argument] = ""
        if STEP in _names(value):
            changing.append(argument)
    for argument, elements in tuples.items():
        arguments[argument] = _tuple(lifted.fixed.get(argument), elements)
    first = FIRST_OF_STEP if _is_step(subject) else FIRST.get(subject.framework, ())
    listed = [*first, *(f"{name}={value}" for name, value in arguments.items())]
    return Call(f"{_callee(subject)}({', '.join(listed)})", tuple(dict.fromkeys(changing)))


def _is_kept(name: str, value: object) -> bool:
    return value != "free" and name.isidentifier()


def _tuple(kept: object, elements: Mapping[int, str]) -> str:
    """A tuple with some elements given and the others as they are kept."""
    others = list(kept) if isinstance(kept, tuple | list) else []
    count = max(len(others), max(elements) + 1)
    texts = [elements.get(i) or repr(others[i] if i < len(others) else None) for i in range(count)]
    return f"({', '.join(texts)}{',' if count == 1 else ''})"


def _callee(subject: Subject) -> str:
    """What is called: a dotted path, or the name in a file."""
    if subject.origin is not None and subject.origin.path:
        return subject.origin.name
    what = subject.title.partition("[")[0]
    _, colon, name = what.rpartition(":")
    return name if colon else what


def _left_values(left: Trace, conditions: tuple[str, ...]) -> dict[str, str]:
    """The left's hyper-parameters by their names, but those that a condition fixes."""
    fixed = fixed_by(conditions)
    return {hyper.name: fixed.get(hyper.name, hyper.name) for hyper in left.hypers}


def _right_values(verdict: Verdict, compared: Compared) -> dict[str, str]:
    """The right's hyper-parameters in the left's names, by their own names."""
    own = compared.settled.names
    fixed = {own.get(name, name): v for name, v in fixed_by(verdict.conditions).items() if name not in compared.hypers}
    by_name = {name: new for new, name in own.items()}
    mapped = verdict.hyper_map or {}
    return {
        hyper.name: mapped.get(hyper.name) or fixed.get(hyper.name) or by_name.get(hyper.name, hyper.name)
        for hyper in compared.traces.right.hypers
    }


def fixed_by(conditions: tuple[str, ...]) -> dict[str, str]:
    """The hyper-parameters that conditions fix, as in ``weight_decay = 0``."""
    matches = [FIXED.match(condition) for condition in conditions]
    return {match["name"]: match["value"] for match in matches if match is not None}


def _names(text: str) -> list[str]:
    """The names that an expression of a map reads."""
    names = {*re.findall(r"[A-Za-z_]\w*", text)}
    return refs(read_expression(text, tuple(names - {"sqrt", STEP}))) if not names & {*SIZES} else sorted(names)
