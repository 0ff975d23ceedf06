"""What is wrong with a verdict, if anything: what it says is held against the oracle."""

from __future__ import annotations

from typing import NamedTuple

from symopt.ir.trace import Trace
from symopt.prove.verdict import Verdict
from tests.never_wrong.judge import Seen, on_random_runs, replayed
from tests.never_wrong.tally import REWRITE, Case

HOLLOW = "equal under conditions, and elsewhere one side alone is undefined"
EXCLUDES_ALL = "equal under conditions that no run meets"


class Fault(NamedTuple):
    """``wrong`` where a verdict is false, ``weak`` where it says nothing; both empty where it stands."""

    wrong: str = ""
    weak: str = ""


def fault(case: Case, left: Trace, right: Trace, verdict: Verdict, plainly: Seen) -> Fault:
    """Judge a verdict; ``plainly`` is what runs showed without its maps and conditions."""
    if case.kind == REWRITE and (plainly.differs or plainly.domain):
        return Fault(f"generator: the rewritten rule is another one: {plainly.differs or plainly.domain}")
    if verdict.witness is not None and (what := replayed(left, right, verdict.witness)):
        return Fault(f"false witness: {what}")
    if case.kind == REWRITE and verdict.verdict in ("different", "equal-if"):
        return Fault(f"false {verdict.verdict}: a rewritten rule")
    if verdict.verdict.startswith("equal"):
        found = _of_equality(case, left, right, verdict)
        hollow = verdict.verdict == "equal" and plainly.domain and not found.wrong
        return Fault(weak=HOLLOW) if hollow else found
    return Fault()


def _of_equality(case: Case, left: Trace, right: Trace, verdict: Verdict) -> Fault:
    seen = on_random_runs(left, right, (case.seed, "claim"), verdict)
    if seen.differs and seen.unread:
        return Fault(f"not judged: {seen.differs}, and conditions were not read: {'; '.join(seen.unread)}")
    if seen.differs:
        return Fault(f"false {verdict.verdict}: {seen.differs}")
    if seen.domain and not seen.unread:
        return Fault(f"domain passed over: {seen.domain}")
    return Fault(weak="" if seen.agreed else EXCLUDES_ALL)
