"""Case splits: a check is run once for every combination of signs that it asks for.

The first unknown sign ends the run; it is taken up once for every value that it may have, with the
sign among the facts. Combinations that the facts exclude are left out. Ties are cases of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from symopt.errors import SymoptError
from symopt.lang.domain import Domain
from symopt.prove.elements import Condition, ForkError, Generators, NotDecidedError, Poly, UndefinedHereError
from symopt.prove.field import Field

MOST_CASES = 243
Facts = tuple[tuple[Poly, int], ...]


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

    def check(self) -> None:
        """Raise ``OutOfTimeError`` once the limit is reached."""
        if monotonic() > self.end:
            raise OutOfTimeError(f"no answer within {self.limit:g} s")


@dataclass
class Cases:
    """What the cases came to: how many there were, what they used, what is undefined, what stayed open."""

    number: int = 0
    conditions: dict[object, Condition] = field(default_factory=dict)
    undefined: list[Facts] = field(default_factory=list)
    open: str | None = None


def in_every_case(
    generators: Generators, domains: Mapping[str, Domain], check: Callable[[Field], str | None], deadline: Deadline
) -> Cases:
    """Run ``check`` in every case until one stays open; it returns None where it succeeds, else the reason."""
    result = Cases()
    generators.tick = deadline.check
    pending: list[Facts] = [()]
    while pending and result.open is None:
        deadline.check()
        facts = pending.pop()
        here = Field(generators, domains, facts)
        try:
            result.open = check(here)
        except ForkError as fork:
            pending += [(*facts, (fork.poly, sign)) for sign in reversed(fork.signs)]
            continue
        except UndefinedHereError:
            result.undefined.append(facts)
        except NotDecidedError as error:
            result.open = str(error)
        result.number += 1
        result.conditions |= here.conditions
        if result.number > MOST_CASES:
            result.open = f"more than {MOST_CASES} cases"
    if result.open is None and len(result.undefined) == result.number:
        result.open = "nothing is defined"
    return result
