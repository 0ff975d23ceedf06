"""From a rule to its trace: record, freeze, verify, specialise."""

from __future__ import annotations

from fractions import Fraction

from symopt.ir.trace import Trace
from symopt.ir.verify import verify_trace
from symopt.lang.domain import exact_number
from symopt.lang.recorder import record
from symopt.lang.rule import Rule
from symopt.passes.freeze import freeze
from symopt.passes.specialise import specialise


def trace(rule: Rule | type[Rule]) -> Trace:
    """The trace of a rule, with its options chosen and its fixed hyper-parameters inserted.

    Raises
    ------
    SpecError: the rule's text is not a rule; the message gives file and line.
    VerifyError: it mixes values and conditions; so does this message.
    """
    configured = rule() if isinstance(rule, type) else rule
    frozen = freeze(record(configured))
    verify_trace(frozen)
    names = {hyper.name for hyper in frozen.hypers}
    fixed: dict[str, Fraction] = {
        name: exact_number(value)
        for name, value in configured.settings.items()
        if name in names and name not in frozen.scheduled
    }
    return specialise(frozen, fixed)
