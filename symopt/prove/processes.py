"""A time limit that holds: work in a process of its own, which is ended where its time is up.

The prover looks at the clock between operations, but one operation of a library may take longer than all the
time there is, and cannot be stopped from within.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import TimeoutError
from contextlib import contextmanager
from copyreg import pickle
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from typing import Any, TypeVar

import flint
from pebble import concurrent

from symopt.prove.deadline import OutOfTimeError

# What stops by itself at its limit is given this much longer before it is ended.
GRACE = 0.8
Result = TypeVar("Result")


def context() -> BaseContext:
    """How processes start: as copies of this one, where that can be, since they have imported everything then."""
    return get_context("fork" if "fork" in get_all_start_methods() else None)


@contextmanager
def forking() -> Iterator[None]:
    """No warnings that threads and forks do not go together: what is copied here starts none and takes no locks."""
    with warnings.catch_warnings():
        for message in (r".*os\.fork\(\) was called", r".*use of fork\(\) may lead to deadlocks"):
            warnings.filterwarnings("ignore", message=message)
        yield


def within(seconds: float, function: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
    """What a function returns, from another process.

    Raises
    ------
    OutOfTimeError: it has not returned within its limit, and was ended. What the function raises comes through.
    """
    work = concurrent.process(timeout=seconds + GRACE, mp_context=context())(function)
    try:
        with forking():
            return work(*args, **kwargs).result()  # type: ignore[no-any-return]  # the wrapper is untyped
    except TimeoutError:
        raise OutOfTimeError(f"no answer within {seconds:g} s") from None


def _ball(middle: tuple[int, int], radius: tuple[int, int]) -> Any:
    return flint.arb(mid=middle, rad=radius)


def _parts(ball: Any) -> tuple[Any, tuple[Any, ...]]:
    """How a ball goes from process to process: as whole numbers times powers of two; the copy holds the original."""
    if not ball.is_finite():
        return flint.arb, ("nan",)
    return _ball, (_whole(ball.mid()), _whole(ball.rad()))


def _whole(number: Any) -> tuple[int, int]:
    mantissa, exponent = number.man_exp()
    return int(mantissa), int(exponent)


pickle(flint.arb, _parts)
