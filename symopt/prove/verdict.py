"""The verdict of a comparison, with its proof or its witness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from symopt.prove.proof import Proof, shortened
from symopt.prove.runs import Witness

# Digits of an element that is not rational, in the text of a witness.
DIGITS = 10
SCHEMA = "symopt.compare/1"
EXIT_STATUS = {"equal": 0, "equal-if": 1, "different": 1, "unknown": 3}


@dataclass(frozen=True)
class Verdict:
    """Whether two rules are the same optimizer.

    ``verdict`` is ``equal``, ``equal-if`` (under ``hyper_map`` or ``conditions``, and not without),
    ``different`` (shown by ``witness``) or ``unknown`` (for ``reason``). ``state_map`` gives the
    states of the right in those of the left; ``differs_in`` is ``theta`` for the parameter, else the
    name of what differs; ``method`` names the steps of ``proof``. Statements are about real numbers.
    """

    left: str
    right: str
    verdict: str
    scope: str | None = "all shapes"
    level: str = "real"
    hyper_map: Mapping[str, str] | None = None
    state_map: Mapping[str, str] | None = None
    conditions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    first_step: int | None = None
    differs_in: str | None = None
    difference: str | None = None
    cause: str | None = None
    witness: Witness | None = None
    nearest: tuple[Mapping[str, str], ...] | None = None
    reason: str | None = None
    seconds: float = 0.0
    proof: Proof | None = field(default=None, compare=False)

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt compare --json``; keys that do not apply are None."""
        return {
            "schema": SCHEMA, "left": self.left, "right": self.right, "verdict": self.verdict,
            "scope": self.scope, "level": self.level,
            "hyper_map": dict(self.hyper_map) if self.hyper_map is not None else None,
            "state_map": dict(self.state_map) if self.state_map is not None else None,
            "conditions": list(self.conditions), "assumptions": list(self.assumptions), "method": list(self.method),
            "first_step": self.first_step, "differs_in": self.differs_in, "difference": self.difference,
            "cause": self.cause, "witness": self.witness.to_json() if self.witness else None,
            "nearest": [dict(item) for item in self.nearest] if self.nearest is not None else None,
            "reason": self.reason, "seconds": round(self.seconds, 4),
        }  # fmt: skip

    @property
    def exit_status(self) -> int:
        """What ``symopt compare`` returns: 0 yes, 1 no, 3 undecided."""
        return EXIT_STATUS[self.verdict]

    def text(self, details: Sequence[str] = ()) -> str:
        """The verdict as people read it: what holds, under which map, why, and the witness.

        ``details`` are lines that come after the cause.
        """
        lines = [f"{self.left} and {self.right}: {self.verdict}"]
        lines += [
            f"  {name} of {self.right} = {value}" for name, value in (self.hyper_map or {}).items() if name != value
        ]
        lines += [f"  condition: {shortened(condition)}" for condition in self.conditions]
        lines += [f"  assumption: {assumption}" for assumption in self.assumptions]
        if self.cause:
            lines.append(f"  {self.cause}")
        lines += details
        if self.proof:
            lines += ["proof", *(f"  {line}" for line in self.proof.text().splitlines())]
        if self.witness:
            lines += ["witness" if self.verdict == "different" else "witness without the map or condition"]
            lines += [f"  {line}" for line in self._witness_lines(self.witness)]
        if self.difference:
            lines.append(f"  {self.left} minus {self.right} there: {self.difference}")
        if self.verdict == "different":
            lines += [f"  {method}" for method in self.method[1:]]
        if self.reason:
            lines.append(f"  {self.reason}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        from symopt.docs.notebook import verdict_html  # rendering stands above the prover

        return verdict_html(self)

    def _repr_latex_(self) -> str:
        from symopt.docs.notebook import verdict_latex  # rendering stands above the prover

        return verdict_latex(self)

    def _witness_lines(self, witness: Witness) -> list[str]:
        said = witness.to_json()
        hyper = ", ".join(f"{name} = {value}" for name, value in said["hyper"].items())
        grads = ", ".join(map(_shown, said["grads"]))
        given = "; ".join(f"{name} {', '.join(map(_shown, steps))}" for name, steps in said.get("given", {}).items())
        what = "the parameter" if witness.query is None else f"the point of gradient {witness.query}"
        return [
            *([hyper] if hyper else []),
            f"theta = {_shown(said['theta'])}, gradients {grads}",
            *([f"given {given}"] if given else []),
            f"step {witness.step}: {what} is {_shown(said['left'])} against {_shown(said['right'])}",
        ]


def _shown(value: Any) -> str:
    """A number of a witness as it is; an array as its elements, those that are not rational to a few digits."""
    return str(value) if isinstance(value, str) else _array(value)


def _array(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_array, value))})"
    return f"{float(value):.{DIGITS}g}..." if "." in value else str(value)
