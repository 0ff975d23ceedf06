"""What was computed of a trace, kept as long as the trace lives: one trace takes part in many comparisons."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable
from typing import TypeVar

from symopt.ir.trace import Trace

Result = TypeVar("Result")


class Memo:
    """Results by trace and question; traces are told apart by identity, since comparing them takes long."""

    def __init__(self) -> None:
        self._known: dict[int, dict[Hashable, object]] = {}

    def get(self, trace: Trace, question: Hashable, compute: Callable[[], Result]) -> Result:
        """The answer to a question about a trace, computed at the first time."""
        answers = self._known.get(id(trace))
        if answers is None:
            answers = self._known[id(trace)] = {}
            weakref.finalize(trace, self._known.pop, id(trace), None)
        if question not in answers:
            answers[question] = compute()
        return answers[question]  # type: ignore[return-value]  # what compute gave


OF_TRACES = Memo()
