"""Which hyper-parameter of one side is which of the other: by name, by meaning, by default.

Candidates come the likeliest first; runs in exact arithmetic decide among them, and a proof has the last word.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symopt.ir.nodes import Node, num, ref
from symopt.ir.trace import HyperInfo, Trace
from symopt.lang.domain import Domain
from symopt.lift.naming import clean
from symopt.lift.roles import plain_name, roles_of
from symopt.passes.build import neg, sub
from symopt.passes.rename import with_names
from symopt.passes.specialise import rewrite

MOST_CANDIDATES = 60
# Up to this many hyper-parameters every assignment is tried, when none by meaning agrees.
MOST_FREE = 5
SAME_NAME, SAME_ROLE, SHARED_ROLE, SAME_DEFAULT = 8.0, 4.0, 2.0, 1.0


@dataclass(frozen=True)
class Partner:
    """What a hyper-parameter of the right is in the left's: ``name``, ``-name`` or ``1 - name``."""

    name: str
    form: str = "same"

    @property
    def node(self) -> Node:
        """The expression."""
        return {"same": ref(self.name), "negated": neg(ref(self.name)), "rest": sub(num(1), ref(self.name))}[self.form]

    def of(self, value: Fraction) -> Fraction:
        """What ``name`` is, where the right's hyper-parameter is ``value``."""
        return {"same": value, "negated": -value, "rest": 1 - value}[self.form]

    def domain(self, domain: Domain) -> Domain:
        """Where ``name`` lies, where the right's hyper-parameter lies in ``domain``."""
        if self.form == "same":
            return domain
        shift = 1 if self.form == "rest" else 0
        lower = None if domain.upper is None else shift - domain.upper
        upper = None if domain.lower is None else shift - domain.lower
        return Domain(lower, upper, domain.upper_open, domain.lower_open, domain.integer)


Pairing = Mapping[str, Partner]  # right's name -> what it is in the left's


def likeness(left: HyperInfo, right: HyperInfo) -> float:
    """How likely two hyper-parameters are the same one; 0 where nothing says so."""
    if plain_name(left.name) == plain_name(right.name):
        return SAME_NAME + SAME_DEFAULT * (left.default == right.default)
    a, b = roles_of(left.name), roles_of(right.name)
    common = [role for role in a if role in b]
    if not common:
        return 0.0
    rank = min(a.index(role) + b.index(role) for role in common)
    return (SAME_ROLE if rank == 0 else SHARED_ROLE / rank) + SAME_DEFAULT * (left.default == right.default)


def form_of(left: HyperInfo, right: HyperInfo) -> str:
    """How the right writes what the left has, as the defaults show: with the other sign, or as the rest to 1."""
    if left.default == -right.default != 0:
        return "negated"
    is_rest = left.default + right.default == 1 and left.default != right.default
    return "rest" if is_rest and min(left.default, right.default) > 0 else "same"


def pairings(left: Trace, right: Trace) -> Iterator[Pairing]:
    """Assignments of the right's hyper-parameters to the left's, the likeliest first, then all of few."""
    mine, own = {h.name: h for h in left.hypers}, {h.name: h for h in right.hypers}
    seen: set[tuple[tuple[str, str], ...]] = set()
    chosen = itertools.islice(_by_meaning(left, right), MOST_CANDIDATES)
    for names in itertools.chain(chosen, _all_of_few(list(mine), list(own))):
        key = tuple(sorted(names.items()))
        if key in seen:
            continue
        seen.add(key)
        forms = {name: form_of(mine[partner], own[name]) for name, partner in names.items()}
        if any(form != "same" for form in forms.values()):
            yield {name: Partner(partner, forms[name]) for name, partner in names.items()}
        yield {name: Partner(partner) for name, partner in names.items()}


def _all_of_few(names: list[str], own: list[str]) -> Iterator[dict[str, str]]:
    """Every assignment, where there are few hyper-parameters."""
    if len(own) > MOST_FREE or len(names) > MOST_FREE:
        return
    short = min(len(names), len(own))
    for chosen in itertools.permutations(names, short):
        for kept in itertools.combinations(own, short):
            yield dict(zip(kept, chosen, strict=True))


def _by_meaning(left: Trace, right: Trace) -> Iterator[dict[str, str]]:
    """Every assignment in which each pair is alike, by falling likeness."""
    options = [
        [(likeness(mine, own), mine.name) for mine in left.hypers if likeness(mine, own) > 0] for own in right.hypers
    ]
    found: list[tuple[float, dict[str, str]]] = []

    def extend(position: int, total: float, taken: dict[str, str]) -> None:
        if len(found) > 40 * MOST_CANDIDATES:
            return
        if position == len(options):
            found.append((total, dict(taken)))
            return
        own = right.hypers[position].name
        for score, name in sorted(options[position], key=lambda option: (-option[0], len(option[1]))):
            if name not in taken.values():
                extend(position + 1, total + score, {**taken, own: name})
        extend(position + 1, total, taken)

    extend(0, 0.0, {})
    for _, pairing in sorted(found, key=lambda item: -item[0]):
        yield pairing


@dataclass(frozen=True)
class Renamed:
    """The right in the left's names.

    ``names`` are the new names of its hyper-parameters -> its own, ``states`` those of its states, and ``forms`` what
    is not simply renamed.
    """

    trace: Trace
    names: Mapping[str, str]
    forms: Mapping[str, Partner]
    states: Mapping[str, str] = field(default_factory=dict)


def renamed(right: Trace, left: Trace, pairing: Pairing) -> Renamed:
    """The right with the left's names.

    What has no partner keeps its name where that is free, so that no two different things are called alike.
    """
    taken = {hyper.name for hyper in left.hypers}
    names: dict[str, str] = {}
    for hyper in right.hypers:
        partner = pairing.get(hyper.name)
        names[hyper.name] = partner.name if partner else clean(hyper.name, {*taken, *names.values()})
    hypers = dict(names)
    used = {*names.values(), *taken}
    for name in (*(state.name for state in right.states), *(let.name for let in right.lets)):
        names[name] = clean(name, used) if name in used else name
        used.add(names[name])
    trace = with_names(right, names)
    forms = {name: partner for name, partner in pairing.items() if partner.form != "same"}
    if forms:
        nodes = {partner.name: partner.node for partner in forms.values()}
        infos = tuple(_info(hyper, forms.get(own)) for hyper, own in zip(trace.hypers, hypers, strict=True))
        trace = replace(rewrite(trace, nodes), hypers=infos)
    states = {names[state.name]: state.name for state in right.states}
    return Renamed(trace, {name: own for own, name in hypers.items()}, forms, states)


def _info(hyper: HyperInfo, partner: Partner | None) -> HyperInfo:
    if partner is None:
        return hyper
    return replace(hyper, default=partner.of(hyper.default), domain=partner.domain(hyper.domain))
