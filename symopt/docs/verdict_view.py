"""A verdict as documents show it: a headline, facts, a proof in steps, a witness as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from symopt.docs.prose import Typesetter
from symopt.ir.nodes import Node, num, op, ref
from symopt.ir.trace import SIZES
from symopt.printers.naming import GIVEN_SYMBOLS, PARAMETER_SYMBOL
from symopt.printers.symbols import Symbol, from_name

# verdict -> (what the badge says, the colour it has)
BADGES: Mapping[str, tuple[str, str]] = {
    "equal": ("equal", "yes"), "equal-if": ("equal if", "if"), "different": ("different", "no"),
    "unknown": ("unknown", "open"),
}  # fmt: skip
# Digits of a number that are shown; exact numbers longer than LONGEST_RATIO are shown as decimals alone.
DIGITS, LONGEST_RATIO = 10, 12


class Verdict(Protocol):
    """What documents need from ``symopt.prove.verdict.Verdict``."""

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt compare --json``."""


@dataclass(frozen=True)
class Fact:
    """One thing that a verdict says, with its values, already typeset."""

    label: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class ProofStep:
    """One step of a proof, already typeset."""

    statement: str
    method: str
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class WitnessRow:
    """One value of a run: its symbol, and the value on both sides or one for each."""

    symbol: str
    values: tuple[str, ...]
    is_result: bool = False


@dataclass(frozen=True)
class VerdictView:
    """What the template of a verdict needs."""

    left: str
    right: str
    badge: str
    tone: str
    headline: str
    cause: str
    facts: tuple[Fact, ...]
    steps: tuple[ProofStep, ...]
    witness: tuple[WitnessRow, ...]

    @property
    def witness_title(self) -> str:
        """What the witness shows: where an equality needs a map, that it fails without."""
        return "Witness" if self.tone == "no" else "Witness without the map or condition"


def verdict_view(verdict: Verdict, setter: Typesetter) -> VerdictView:
    """A verdict, typeset with ``setter``."""
    said = verdict.to_json()
    badge, tone = BADGES[said["verdict"]]
    return VerdictView(
        left=said["left"],
        right=said["right"],
        badge=badge,
        tone=tone,
        headline=_headline(said),
        cause=setter.sentence(said.get("cause") or said.get("reason") or ""),
        facts=tuple(_facts(said, setter)),
        steps=tuple(_steps(verdict, setter)),
        witness=tuple(_witness(said, setter)),
    )


def names_in(verdict: Verdict) -> dict[str, Symbol]:
    """Symbols for the names that a verdict speaks of, where its rules are not at hand."""
    said = verdict.to_json()
    parts = [said.get("hyper_map"), said.get("state_map"), (said.get("witness") or {}).get("hyper")]
    return {name: from_name(name) for part in parts for name in part or {}}


def _headline(said: Mapping[str, Any]) -> str:
    match said["verdict"]:
        case "equal":
            return "The two are the same optimizer, at every step."
        case "equal-if":
            return "The two are the same optimizer under the map or condition below, and not without it."
        case "different" if said.get("first_step"):
            return f"The two differ, for the first time at step {said['first_step']}."
        case "different":
            return "The two are different optimizers."
        case _:
            return "Neither a proof nor a counterexample was found."


def _facts(said: Mapping[str, Any], setter: Typesetter) -> Iterator[Fact]:
    for key, label in (("hyper_map", "hyper-parameters"), ("state_map", "states")):
        pairs = said.get(key) or {}
        changed = {name: value for name, value in pairs.items() if name != value}
        if changed:
            values = (f"{setter.expression(name)} ↦ {setter.expression(value)}" for name, value in changed.items())
            yield Fact(f"{label} of {said['right']}", tuple(values))
    for key, label in (("conditions", "conditions"), ("assumptions", "assumptions")):
        if said.get(key):
            yield Fact(label, tuple(map(setter.sentence, said[key])))
    if said.get("difference"):
        yield Fact("difference", (setter.expression(said["difference"]),))
    if said.get("scope"):
        yield Fact("scope", (setter.plain(f"{said['scope']}, over the {said.get('level') or 'real'} numbers"),))
    if said.get("method"):
        yield Fact("method", tuple(map(setter.sentence, said["method"])))


def _steps(verdict: Verdict, setter: Typesetter) -> Iterator[ProofStep]:
    proof = getattr(verdict, "proof", None)
    for step in getattr(proof, "steps", ()):
        conditions = tuple(map(setter.sentence, step.conditions))
        yield ProofStep(setter.sentence(step.statement), setter.sentence(step.method), conditions)


def _witness(said: Mapping[str, Any], setter: Typesetter) -> Iterator[WitnessRow]:
    witness = said.get("witness")
    if not witness:
        return

    def symbol(symbol: Symbol) -> str:
        return setter.markup(ref("value"), {"value": symbol})

    for name, value in witness["hyper"].items():
        yield WitnessRow(symbol(setter.symbols.get(name, from_name(name))), (_value(value, setter),))
    yield WitnessRow(symbol(PARAMETER_SYMBOL.at("0")), (_value(witness["theta"], setter),))
    step = said.get("first_step") or len(witness["grads"])
    # A rule may ask for several gradients a step; they are told apart by primes.
    queries = max(1, len(witness["grads"]) // step)
    for i, gradient in enumerate(witness["grads"]):
        name = Symbol(("g",), index=str(i // queries + 1), primes=i % queries)
        yield WitnessRow(symbol(name), (_value(gradient, setter),))
    for given, steps in witness.get("given", {}).items():
        known = setter.symbols.get(given, GIVEN_SYMBOLS.get(given, from_name(given)))
        for i, value in enumerate(steps[:1] if given in SIZES else steps):
            index = "" if given in SIZES else str(i + 1)
            yield WitnessRow(symbol(known.at(index)), (_value(value, setter),))
    sides = tuple(_value(witness[side], setter, decimal=True) for side in ("left", "right"))
    if said.get("differs_in") in (None, "theta"):
        what = symbol(PARAMETER_SYMBOL.at(str(step)))
    else:
        what = setter.plain("point of ") + symbol(Symbol(("g",), index=str(step)))
    yield WitnessRow(what, sides, is_result=True)


def _value(value: Any, setter: Typesetter, *, decimal: bool = False) -> str:
    """An exact number typeset, with its decimals where asked for; an array as its elements."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "(" + ", ".join(_value(item, setter, decimal=decimal) for item in value) + ")"
    try:
        exact = Fraction(str(value))
    except ValueError:
        return setter.plain(str(value))
    rounded = f"{float(exact):.{DIGITS}g}"
    if len(str(exact)) > LONGEST_RATIO:
        return setter.plain(f"≈ {rounded}")
    ratio: Node = num(exact)
    if exact.denominator > 1:
        ratio = op("div", num(abs(exact.numerator)), num(exact.denominator))
        ratio = op("neg", ratio) if exact < 0 else ratio
    text = setter.markup(ratio, {})
    if decimal and exact.denominator > 1:
        text += setter.plain(f" {'=' if Fraction(rounded) == exact else '≈'} {rounded}")
    return text
