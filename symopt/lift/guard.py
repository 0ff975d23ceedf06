"""Running somebody's code: what it prints goes to standard error, it may not exit, and it has a time limit."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from types import FrameType

from symopt.errors import UnsupportedError
from symopt.lift.frames import source_place

SECONDS = 60.0
AGAIN = 1.0  # seconds until a limit that code has caught is raised again


class _OutOfTime(BaseException):
    """The limit is reached; no ``except Exception`` of the code that runs catches it."""


@contextmanager
def guarded(title: str) -> Iterator[None]:
    """Run somebody's code inside the block.

    Where signals cannot be had, as in a thread beside the main one, there is no time limit.

    Raises
    ------
    UnsupportedError: it exits, or takes longer than the limit; the message says where it was.
    """
    try:
        with redirect_stdout(sys.stderr), _limited(SECONDS):
            yield
    except _OutOfTime as error:
        text = f"it takes more than {SECONDS:g} s to lift; a loop without end?"
        raise UnsupportedError(_placed(title, error, text)) from None
    except SystemExit as error:
        raise UnsupportedError(_placed(title, error, f"the code exits, with {error.code!r}")) from None


def _placed(title: str, error: BaseException, text: str) -> str:
    place = source_place(error)
    return f"{title}: {place + ': ' if place else ''}{text}"


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise ``_OutOfTime`` inside the block after some seconds, unless there is a limit around it already."""
    is_possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not is_possible or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return
    before = signal.signal(signal.SIGALRM, _raise)
    signal.setitimer(signal.ITIMER_REAL, seconds, AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _raise(number: int, frame: FrameType | None) -> None:
    raise _OutOfTime
