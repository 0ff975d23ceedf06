"""One obligation: a bound that is to follow from others for all values of some names, in every case of signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from symopt.checker.certificate import Certificate, Interval, Known
from symopt.ir.nodes import refs
from symopt.lang.domain import Domain
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Element, Poly, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.inequality.claims import Bound
from symopt.prove.inequality.facts import Fact
from symopt.prove.inequality.naming import Naming
from symopt.prove.inequality.points import FEWEST
from symopt.prove.inequality.positive import Positivity
from symopt.prove.render import case_text, condition_text

MOST_CASES = 81


@dataclass
class Outcome:
    """What became of an obligation: certificates of its cases, or what is open in the first that stays so.

    ``conditions`` is what is needed for everything to be defined and is not known; ``asked`` is the number of cases
    that were settled without a certificate.
    """

    certificates: list[Certificate] = field(default_factory=list)
    conditions: tuple[str, ...] = ()
    open: str | None = None
    number: int = 0
    asked: int = 0
    left: OpenCase | None = None

    @property
    def proved(self) -> bool:
        """Whether nothing is open."""
        return self.open is None


@dataclass(frozen=True)
class OpenCase:
    """A case in which nothing was found: the field with its facts, what is known, and the goal."""

    field: Field
    knowns: tuple[Fact, ...]
    goal: Poly
    strict: bool


@dataclass(frozen=True)
class Obligation:
    """``goal`` follows from ``known`` for all values of ``names`` in their domains.

    ``fixed`` are the names that are the same for all elements of a tensor. With ``general`` the step number is
    any from 2 on; else no name ``t`` is left.
    """

    what: str
    goal: Bound
    known: Sequence[Bound]
    names: Sequence[str]
    fixed: Sequence[str]
    domains: Mapping[str, Domain]

    def settle(self, deadline: Deadline, ask: Callable[[OpenCase], str | None] | None = None) -> Outcome:
        """The certificates of all cases; ``ask`` is tried where none is found, and says what is open or None."""
        used = {*refs(self.goal.node, *(bound.node for bound in self.known))}
        names = tuple(name for name in self.names if name in used or name == "t")
        general = GeneralStep(
            names, {name: self.domains[name] for name in names if name in self.domains}, self.fixed, self.fixed
        )
        outcome = Outcome()

        def check(here: Field) -> str | None:
            self._case(here, general, outcome, deadline, ask)
            return outcome.open

        cases = in_every_case(general.generators, general.domains, check, deadline, most=MOST_CASES)
        outcome.open, outcome.number = cases.open, cases.number
        text = Field(general.generators, general.domains)
        conditions = [condition_text(text, condition) for condition in cases.conditions.values()]
        conditions += [f"not ({case_text(text, facts)})" for facts in cases.undefined if facts]
        outcome.conditions = tuple(dict.fromkeys(conditions))
        return outcome

    def _case(
        self, here: Field, general: GeneralStep, outcome: Outcome, deadline: Deadline,
        ask: Callable[[OpenCase], str | None] | None,
    ) -> None:  # fmt: skip
        convert = Converter(here, general.values(here), general.whole)
        goal = signed(here, convert(self.goal.node))
        knowns = tuple(self._knowns(here, convert))
        search = Positivity(here, knowns, deadline.check)
        if search.shown(goal, self.goal.strict):
            outcome.certificates.append(written(search, goal, self.goal.strict))
            outcome.certificates += _discharged(here, search)
            return
        possible = search.points.size >= FEWEST
        impossible = None if possible else self._impossible(here, general, knowns, deadline)
        if impossible is not None:
            outcome.certificates.append(impossible)
            return
        case = OpenCase(here, knowns, goal, self.goal.strict)
        outcome.open = f"{self.goal.text} was not shown"
        if ask is not None:
            outcome.open = ask(case)
            outcome.asked += outcome.open is None
        if outcome.open is not None:
            outcome.left = case

    def _knowns(self, here: Field, convert: Converter) -> Iterable[Fact]:
        for bound in self.known:
            try:
                yield Fact(signed(here, convert(bound.node)), bound.strict, bound.text)
            except UndefinedHereError:
                continue

    def _impossible(
        self, here: Field, general: GeneralStep, knowns: Sequence[Fact], deadline: Deadline
    ) -> Certificate | None:
        """A certificate that the case cannot occur: the opposite of one of its facts is shown from the others."""
        for i, (poly, sign) in enumerate(here.facts):
            others = [fact for j, fact in enumerate(here.facts) if j != i]
            field = Field(here.ring, general.domains, others)
            for turned in (-sign,) if sign else (1, -1):
                search = Positivity(field, knowns, deadline.check)
                if search.shown(poly * turned, strict=not sign):
                    symbol = {1: ">", -1: "<", 0: "="}[sign]
                    return written(search, poly * turned, not sign, f"{search.naming.poly(poly)} {symbol} 0")
        return None


def _discharged(here: Field, search: Positivity) -> list[Certificate]:
    """Certificates of those conditions of a case that follow from what is known, which are conditions no more."""
    found = []
    for key, condition in list(here.conditions.items()):
        poly, strict = condition.poly, condition.relation == "!= 0"
        for sign in (1, -1) if strict else (1,):
            if search.shown(poly * sign, strict):
                found.append(written(search, poly * sign, strict))
                del here.conditions[key]
                break
    return found


def joined(outcomes: Sequence[Outcome]) -> Outcome:
    """Several outcomes that together settle one obligation."""
    return Outcome(
        [certificate for outcome in outcomes for certificate in outcome.certificates],
        tuple(dict.fromkeys(condition for outcome in outcomes for condition in outcome.conditions)),
        next((outcome.open for outcome in outcomes if not outcome.proved), None),
        sum(outcome.number for outcome in outcomes), sum(outcome.asked for outcome in outcomes),
    )  # fmt: skip


def signed(field: Field, element: Element) -> Poly:
    """A polynomial with the sign of an element: powers and factors of known sign are left out of it."""
    num, den = element
    constant, factors = den.factor()
    result = num if constant > 0 else -num
    for factor, exponent in factors:
        known = field.sign(factor)
        if int(exponent) % 2 == 0:
            continue
        result = result * (known.value if known.strict else factor)
    return field.reduced(result)


def written(search: Positivity, goal: Poly, strict: bool, contradicts: str = "") -> Certificate:
    """What a search found, as a certificate."""
    field, naming = search.field, search.naming
    identities = search.identities(goal, strict)
    knowns = tuple(Known(naming.poly(f.poly), f.strict, f.why) for f in search.knowns)
    zeros = tuple(naming.poly(poly) for poly, sign in field.facts if sign == 0)
    relations: dict[int, tuple[str, str]] = {}
    while missing := [i for i in naming.made if i not in relations and _is_root(field, i)]:
        for position in missing:
            relations[position] = (naming.name(position), naming.poly(field.ring.meanings[position].args[0].num))
    intervals = tuple(_interval(naming, position, domain) for position, domain in field.domains.items())
    names = tuple((name, naming.meaning(position)) for position, name in naming.made.items())
    return Certificate(names, intervals, tuple(relations.values()), zeros, knowns, identities, contradicts)


def _interval(naming: Naming, position: int, domain: Domain) -> Interval:
    return Interval(naming.name(position), domain.lower, domain.upper, domain.lower_open, domain.upper_open)


def _is_root(field: Field, position: int) -> bool:
    meaning = field.ring.meanings.get(position)
    return meaning is not None and meaning.kind == "sqrt"
