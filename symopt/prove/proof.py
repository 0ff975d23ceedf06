"""A proof as an object: steps, each with what it states, how it was settled and what it used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# A condition of more characters is cut in text; the JSON documents have it whole.
LONGEST_CONDITION = 300


def shortened(condition: str) -> str:
    """A condition as people can read it: a very long one by its beginning and its end."""
    if len(condition) <= LONGEST_CONDITION:
        return condition
    half = LONGEST_CONDITION // 2
    return f"{condition[:half]} ... ({len(condition)} characters) ... {condition[-half:]}"


@dataclass(frozen=True)
class Step:
    """One step of a proof: ``statement`` holds by ``method``, where ``conditions`` hold."""

    statement: str
    method: str
    conditions: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The step as plain data."""
        return {"statement": self.statement, "method": self.method, "conditions": list(self.conditions)}


@dataclass(frozen=True)
class Proof:
    """The steps of a proof, in order."""

    steps: tuple[Step, ...]

    @property
    def conditions(self) -> tuple[str, ...]:
        """What the proof used and did not derive, in order of first use."""
        return tuple(dict.fromkeys(condition for step in self.steps for condition in step.conditions))

    def to_json(self) -> list[dict[str, Any]]:
        """The proof as plain data."""
        return [step.to_json() for step in self.steps]

    def text(self) -> str:
        """The proof as numbered lines."""
        lines = []
        for number, step in enumerate(self.steps, 1):
            used = f" where {', '.join(map(shortened, step.conditions))}" if step.conditions else ""
            lines.append(f"{number}. {step.statement}{used}: {step.method}")
        return "\n".join(lines)
