"""Case splits: a check is run once for every combination of signs that it asks for.

The first unknown sign ends the run; it is taken up once for every value that it may have, with the
sign among the facts. Combinations that the facts exclude are left out. Ties are cases of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.elements import (
    Condition,
    Fact,
    ForkError,
    Generators,
    NotDecidedError,
    OutOfGeneratorsError,
    UndefinedHereError,
)
from symopt.prove.field import Field

MOST_CASES, MOST_CASES_INSIDE = 243, 27


@dataclass
class Cases:
    """What the cases came to: how many there were, what they used, what is undefined, what stayed open."""

    number: int = 0
    conditions: dict[tuple[Any, ...], Condition] = field(default_factory=dict)
    undefined: list[tuple[Fact, ...]] = field(default_factory=list)
    open: str | None = None
    out_of_generators: bool = False


def in_every_case(
    generators: Generators, domains: Mapping[str, Domain], check: Callable[[Field], str | None], deadline: Deadline,
    facts: tuple[Fact, ...] = (), most: int = MOST_CASES,
) -> Cases:  # fmt: skip
    """Run ``check`` in every case until one stays open; it returns None where it succeeds, else the reason.

    ``facts`` hold in all cases; there are at most ``most``.
    """
    result = Cases()
    generators.deadline = deadline
    pending = [Field(generators, domains, facts)]
    while pending and result.open is None:
        deadline.check()
        here = pending.pop()
        own = tuple(here.facts[len(facts) :])
        try:
            result.open = check(here)
        except ForkError as fork:
            split = (here.split(fork.poly, sign) for sign in reversed(fork.signs))
            pending += [case for case in split if case.is_possible()]
            continue
        except UndefinedHereError:
            result.undefined.append(own)
        except NotDecidedError as error:
            result.open = str(error)
            result.out_of_generators = isinstance(error, OutOfGeneratorsError)
        result.number += 1
        for key, condition in here.conditions.items():
            # What is needed in several cases, or without a split, is said once and of all.
            result.conditions[key] = condition._replace(facts=() if key in result.conditions else own)
        if result.number > most:
            result.open = f"more than {most} cases"
    if result.open is None and len(result.undefined) == result.number:
        result.open = "nothing is defined"
    return result
