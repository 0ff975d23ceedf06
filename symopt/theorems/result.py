"""What the prover found for a theorem, beside what was claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symopt.checker.outcome import Check
from symopt.lang.theorem import Theorem
from symopt.prove.proof import Proof
from symopt.prove.verdict import Verdict

UNKNOWN = "unknown"


@dataclass(frozen=True)
class TheoremResult:
    """What the prover found for a theorem.

    ``verdict`` is what was found: a verdict of ``compare``, or ``holds``, ``fails``, ``unknown`` for a property.
    ``as_stated`` compares it with the claim; ``check`` is the independent checker's answer.
    ``found`` is what was derived on the way, ``counterexample`` where a property fails.
    """

    theorem: Theorem
    verdict: str
    as_stated: bool
    check: Check
    proof: Proof | None = None
    comparison: Verdict | None = None
    counterexample: Mapping[str, Any] | None = None
    found: str = ""
    reason: str = ""
    seconds: float = 0.0

    @property
    def exit_status(self) -> int:
        """0 as stated and re-checked, 3 undecided, 1 otherwise."""
        if self.verdict == UNKNOWN:
            return 3
        return 0 if self.as_stated and self.check.passed else 1

    def to_json(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "name": self.theorem.name, "statement": self.theorem.statement, "claim": self.theorem.claim,
            "why": self.theorem.why, "source": self.theorem.source, "verdict": self.verdict,
            "as_stated": self.as_stated, "checked": self.check.passed, "checked_by": self.check.how,
            "proof": self.proof.to_json() if self.proof else None,
            "comparison": self.comparison.to_json() if self.comparison else None,
            "counterexample": dict(self.counterexample) if self.counterexample else None,
            "found": self.found or None, "reason": self.reason or None, "seconds": round(self.seconds, 4),
        }  # fmt: skip

    def text(self) -> str:
        """The result as people read it."""
        word = {0: "as stated", 1: "NOT AS STATED", 3: "UNDECIDED"}[self.exit_status]
        lines = [f"{self.theorem.name}: {word}", f"  {self.theorem.statement}"]
        if self.theorem.why:
            lines.append(f"  {self.theorem.why}")
        if self.found:
            lines.append(f"  found: {self.found}")
        if self.comparison is not None:
            lines += [f"  {line}" for line in self.comparison.text().splitlines()[1:]]
        elif self.proof is not None:
            lines += [f"  {line}" for line in self.proof.text().splitlines()]
        lines += [f"  counterexample: {name} = {value}" for name, value in (self.counterexample or {}).items()]
        if self.reason:
            lines.append(f"  {self.reason}")
        lines.append(f"  checked independently: {self.check.how}" if self.check.passed else f"  {self.check.how}")
        return "\n".join(lines)
