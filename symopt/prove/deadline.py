"""A time limit, honoured where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from time import monotonic

from symopt.errors import SymoptError


class OutOfTimeError(SymoptError):
    """The time limit is reached."""

    exit_status = 3


@dataclass(frozen=True)
class Deadline:
    """A time limit, honoured where it is checked."""

    end: float
    limit: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """A limit of so many seconds from now."""
        return cls(monotonic() + seconds, seconds)

    @classmethod
    def never(cls) -> Deadline:
        """No limit."""
        return cls(inf, inf)

    def part(self, share: float) -> Deadline:
        """An earlier limit: a share of the whole from now, at most what is left."""
        return Deadline(min(self.end, monotonic() + self.limit * share), self.limit * share)

    def check(self) -> None:
        """Raise ``OutOfTimeError`` once the limit is reached."""
        if monotonic() > self.end:
            raise OutOfTimeError(f"no answer within {self.limit:g} s")
