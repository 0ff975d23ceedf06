"""What came out of cases, and totals over them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MUTANT, REWRITE = "mutant", "rewrite"
CONSTANT = " is the same at every step"


@dataclass(frozen=True)
class Case:
    """One rule, changed in one way that the seed decides."""

    target: str
    kind: str
    seed: int


@dataclass(frozen=True)
class Result:
    """What came out: the verdict, what the oracle saw, what is wrong if anything, and what is weak about it."""

    case: Case
    change: str
    what: str
    verdict: str
    seconds: float
    oracle: str = ""
    wrong: str = ""
    weak: str = ""
    reason: str = ""
    conditions: tuple[str, ...] = ()

    @property
    def settles(self) -> bool:
        """Whether the verdict says something of at least one run."""
        return self.verdict not in ("unknown", "error") and not self.weak

    def to_json(self) -> dict[str, Any]:
        """The result as a document."""
        return asdict(self)


def grouped(reason: str) -> str:
    """A reason without its numbers and names, so that alike ones count together."""
    reason = re.sub(r"\d+ exact runs agree, and no proof was found: ", "", reason)
    reason = re.sub(r"the state \w+", "a state", reason)
    reason = re.sub(r"the point of gradient \w+", "a point", reason)
    return re.sub(r"within [\d.e+-]+ s", "within the limit", reason)


def summary(results: Sequence[Result]) -> list[str]:
    """Totals as lines: verdicts, what is wrong, what is unknown by reason, times."""
    lines = []
    for kind in (MUTANT, REWRITE):
        own = [r for r in results if r.case.kind == kind]
        lines += _of_kind(kind, own) if own else []
    wrong = [r for r in results if r.wrong]
    lines.append(f"wrong: {len(wrong)}")
    lines += [f"  {r.case.target} {r.case.kind} {r.case.seed}: {r.change}: {r.what}: {r.wrong}" for r in wrong]
    return lines


def _of_kind(kind: str, own: Sequence[Result]) -> list[str]:
    unsettled = [r for r in own if not r.settles]
    asked = [r for r in own if any(not c.endswith(CONSTANT) for c in r.conditions) and r.verdict == "equal"]
    times = sorted(r.seconds for r in own)
    median, late = (1000 * times[int(len(times) * share)] for share in (0.5, 0.95))
    return [
        f"{len(own)} {kind}s: " + ", ".join(f"{n} {verdict}" for verdict, n in counts(r.verdict for r in own)),
        "  oracle: " + ", ".join(f"{n} {seen or 'failed'}" for seen, n in counts(r.oracle for r in own)),
        f"  unsettled: {len(unsettled)}, {100 * len(unsettled) / len(own):.2f} %",
        *(f"    {n} {reason}" for reason, n in counts(r.weak or grouped(r.reason) for r in unsettled)),
        f"  equal where conditions on values hold: {len(asked)}",
        f"  time: median {median:.0f} ms, 95 % within {late:.0f} ms, longest {times[-1]:.1f} s",
    ]


def counts(values: Iterable[str]) -> list[tuple[str, int]]:
    """How often each value occurs, the most frequent first."""
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return sorted(found.items(), key=lambda item: -item[1])
