"""What became of a property: it holds, with a proof; it fails, with a counterexample; or it is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from symopt.checker.outcome import Check
from symopt.lang.theorem import FAILS, HOLDS
from symopt.prove.proof import Proof

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Settlement:
    """The outcome for one property, and whether the independent checker agrees.

    Parameters
    ----------
    verdict: ``holds``, ``fails`` or ``unknown``.
    check: what the independent checker did with the proof or the counterexample.
    proof: the steps of the proof where it holds.
    counterexample: where it fails, the inputs on which it does: exact numbers as text, by name.
    found: what the prover derived by itself, such as the exact region of stability.
    reason: for ``unknown``.
    """

    verdict: str
    check: Check
    proof: Proof | None = None
    counterexample: Mapping[str, Any] | None = None
    found: str = ""
    reason: str = ""

    @classmethod
    def holds(cls, proof: Proof, check: Check, found: str = "") -> Settlement:
        """Proved."""
        return cls(HOLDS, check, proof, found=found)

    @classmethod
    def fails(cls, counterexample: Mapping[str, Any], check: Check, found: str = "") -> Settlement:
        """Refuted by a counterexample that was replayed."""
        return cls(FAILS, check, counterexample=counterexample, found=found)

    @classmethod
    def unknown(cls, reason: str, found: str = "") -> Settlement:
        """Neither proved nor refuted."""
        return cls(UNKNOWN, Check(False, "nothing to check"), found=found, reason=reason)
