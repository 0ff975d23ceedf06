"""Places: lines of a rule's text, for messages and for the documentation."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from types import FrameType


@dataclass(frozen=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def caller() -> Place:
    """The line of the rule's text that is being run: the first frame outside the language."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("symopt.lang"):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame is not None else Place("?", 0)


def last_place(error: BaseException, start: Place) -> Place:
    """The last line of ``start``'s file that an error names or passed through, else ``start``."""
    if isinstance(error, SyntaxError) and error.filename == start.file:
        return Place(start.file, error.lineno or start.line)
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == start.file]
    return Place(start.file, lines[-1] or start.line) if lines else start
