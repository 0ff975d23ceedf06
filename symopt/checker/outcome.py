"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """Whether a result survived, and what was done."""

    passed: bool
    how: str
