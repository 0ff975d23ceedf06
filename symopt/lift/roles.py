"""What hyper-parameters mean, by the names that frameworks and papers give them: the table ``specs/names.toml``.

A name is a hint and no proof: it decides the domain in which a claim is made, which verdicts say, and which map
between two sides is tried first.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from symopt._paths import data_dir
from symopt.ir.trace import HyperInfo
from symopt.lang.domain import Domain, NonNegative, Positive, Real, UnitInterval, exact_number
from symopt.passes.freeze import name_tex

DOMAINS: Mapping[str, Domain] = {domain.describe("x"): domain for domain in (Positive, NonNegative, UnitInterval)}


@dataclass(frozen=True)
class Role:
    """A meaning: its name in the catalogue, the names that it goes by, its domain.

    ``default`` is what a value is taken to be near where code gives none; nothing moves without what ``moves``.
    """

    name: str
    names: tuple[str, ...]
    domain: Domain
    default: float | None = None
    moves: bool = False


@cache
def roles() -> Mapping[str, Role]:
    """Every meaning of the table, by name."""
    table = tomllib.loads((data_dir("specs") / "names.toml").read_text(encoding="utf-8"))
    return {
        name: Role(
            name, tuple(item["names"]), DOMAINS[item["domain"]], item.get("default"), item.get("moves", False)
        )
        for name, item in table.items()
    }  # fmt: skip


def plain_name(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()


@cache
def roles_of(name: str) -> tuple[str, ...]:
    """The roles that a name may have, those that it is listed first for first."""
    own = plain_name(name)
    ranked = [(role.names.index(own), role.name) for role in roles().values() if own in role.names]
    return tuple(role for _, role in sorted(ranked, key=lambda item: item[0]))


def moves(name: str) -> bool:
    """Whether a name is first of all that of what nothing moves without."""
    return any(roles()[role].moves for role in roles_of(name)[:1])


def default_of(name: str) -> float | None:
    """What a hyper-parameter of this name is near where nothing says so; None where the name says nothing either."""
    defaults = (roles()[role].default for role in roles_of(name))
    return next((default for default in defaults if default is not None), None)


def domain_of(name: str, default: Fraction) -> Domain:
    """The domain that a name suggests, as far as the default lies in it; of a name that says nothing, its sign."""
    wanted = [roles()[role].domain for role in roles_of(name)]
    others = [domain for domain in wanted if domain != UnitInterval]
    # A name of several meanings, as alpha or decay, has the one that the default fits: averages are near one.
    if others and len(others) < len(wanted):
        wanted = [UnitInterval] if Fraction(1, 2) < default < 1 else others
    return next((domain for domain in (*wanted[:1], NonNegative) if default in domain), Real)


def hyper_info(name: str, default: float | int | Fraction, domain: Domain | None = None) -> HyperInfo:
    """A hyper-parameter with what its source says of it, and otherwise with what its name suggests."""
    exact = exact_number(default)
    return HyperInfo(name, exact, name_tex(name), domain_of(name, exact) if domain is None else domain)
