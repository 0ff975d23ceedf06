"""A hazard as an object: whether it happens, where, on which inputs, or why it cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from symopt.prove.proof import Step
from symopt.run.hazards.replay import Seen, sees
from symopt.run.hazards.subject import Subject
from symopt.run.hazards.witness import Inputs, show

HAPPENS, IMPOSSIBLE, UNKNOWN = "happens", "cannot happen", "unknown"


@dataclass(frozen=True)
class Hazard:
    """One hazard of one rule in one type.

    Parameters
    ----------
    kind: its name.
    verdict: ``happens``, with inputs on which the kernel does it; ``cannot happen``, with the argument;
        ``unknown``, with the reason.
    where: the operation.
    inputs: what the kernel was run on.
    effect: what it did.
    found: thresholds and remarks.
    argument: why it cannot happen, step by step.
    seen: whether it happens in a step that was replayed, element by element: what a check looks for.
    """

    kind: str
    verdict: str
    where: str = ""
    inputs: Inputs | None = None
    effect: str = ""
    found: str = ""
    argument: tuple[Step, ...] = ()
    reason: str = ""
    seen: Seen | None = None

    def called(self, kind: str) -> Hazard:
        """The same under its name."""
        return replace(self, kind=kind)

    def to_json(self) -> dict[str, Any]:
        """The hazard as plain data."""
        return {
            "hazard": self.kind, "verdict": self.verdict, "where": self.where or None,
            "inputs": self.inputs.to_json() if self.inputs else None, "effect": self.effect or None,
            "found": self.found or None, "argument": [step.to_json() for step in self.argument],
            "reason": self.reason or None,
        }  # fmt: skip

    def text(self) -> str:
        """The hazard as people read it."""
        lines = [f"{self.kind}: {self.verdict}" + (f", in {self.where}" if self.where else "")]
        if self.inputs is not None:
            lines.append(f"  at {self.inputs}: {self.effect}")
        lines += [f"  {step.statement}: {step.method}" for step in self.argument]
        lines += [f"  {line}" for line in (self.found, self.reason) if line]
        return "\n".join(lines)


def impossible(*argument: Step, seen: Seen | None = None, found: str = "") -> Hazard:
    """A hazard that is excluded."""
    return Hazard("", IMPOSSIBLE, argument=argument, seen=seen, found=found)


def unknown(reason: str) -> Hazard:
    """A hazard that was neither seen nor excluded."""
    return Hazard("", UNKNOWN, reason=reason)


def happens(
    subject: Subject, where: object, inputs: Inputs, effect: str, found: str = "",
    seen: Seen | None = None,
) -> Hazard:  # fmt: skip
    """A hazard that the kernel was seen to have; ``unknown`` where the replay does not do what the kernel does."""
    shown = show(subject, inputs)
    if not shown.agrees:
        return unknown(f"the kernel and the replay differ at {inputs}")
    if seen is not None and not sees(seen, shown.last):
        return unknown(f"the hazard is not seen again at {inputs}")
    return Hazard("", HAPPENS, str(where), inputs, effect, found, seen=seen)


def said(values: dict[str, float]) -> str:
    """Values by name, as text."""
    return ", ".join(f"{name} = {value:.6g}" for name, value in values.items())
