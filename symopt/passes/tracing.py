"""From a rule to its trace: record, freeze, verify, specialise."""

from __future__ import annotations

from symopt.ir.trace import Trace
from symopt.ir.verify import verify_trace
from symopt.lang.domain import exact_number
from symopt.lang.recorder import record
from symopt.lang.rule import Rule
from symopt.passes.freeze import freeze
from symopt.passes.schedule_domain import check_schedules
from symopt.passes.specialise import specialise


def trace(rule: Rule | type[Rule]) -> Trace:
    """The trace of a rule, with its options chosen and its fixed hyper-parameters inserted.

    Raises
    ------
    SpecError: the rule's text is not a rule; the message gives file and line.
    VerifyError: it mixes values and conditions; so does this message.
    DomainError: a hyper-parameter leaves its domain along the schedule that it follows.
    """
    configured = rule() if isinstance(rule, type) else rule
    recording = record(configured)
    frozen = freeze(recording)
    verify_trace(frozen)
    check_schedules(frozen)
    fixed = {name: exact_number(value) for name, value in recording.fixed.items() if name not in frozen.scheduled}
    return specialise(frozen, fixed)
