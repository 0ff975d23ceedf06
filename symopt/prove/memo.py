"""What was computed of a trace, kept as long as the trace lives: one trace takes part in many comparisons."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from symopt.ir.trace import Trace

Result = TypeVar("Result")
ANSWERS = "_answers"


def remembered(trace: Trace, question: Hashable, compute: Callable[[], Result]) -> Result:
    """The answer to a question about a trace, computed at the first time.

    It is kept beside the trace's fields, which never change; copies start without it.
    """
    answers: dict[Hashable, Result] = trace.__dict__.setdefault(ANSWERS, {})
    if question not in answers:
        answers[question] = compute()
    return answers[question]
