"""The optimizers that libraries install, against the rules of the catalogue whose names they bear."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import PackageNotFoundError, version

from symopt.catalogue import resolve, rule_names
from symopt.errors import SymoptError
from symopt.prove.verdict import Verdict
from symopt.targets.compare import answer
from symopt.targets.identify import agrees, similarity, variants, worth
from symopt.targets.pairing import pairings
from symopt.targets.resolve import of_rule, subject
from symopt.targets.subject import Subject

# Seconds for each comparison; how many variants of a rule are compared that runs do not rule out, or where they do all.
TIME_LIMIT, MOST, FEWEST = 5.0, 4, 2
SAME = ("equal", "equal-if")


@dataclass(frozen=True)
class Claim:
    """An optimizer of a library and the rule whose name it bears.

    ``verdict`` is on the variant of that rule which comes nearest, None where the code is not lifted (``reason``
    says why); ``other`` is a rule of another name that it is, where it is not the one of its own name.
    """

    optimizer: str
    rule: str
    verdict: Verdict | None
    other: Verdict | None = None
    reason: str = ""


@dataclass(frozen=True)
class Library:
    """A package: what is installed by, the module that has the optimizers, and which of its items they are."""

    package: str
    module: str
    optimizers: Callable[[], list[str]]

    @property
    def version(self) -> str | None:
        """The installed version, without what it was built for; None where it is not installed."""
        try:
            return version(self.package).partition("+")[0]
        except PackageNotFoundError:
            return None


def optimizer_classes(module: str, package: str) -> list[str]:
    """The subclasses of ``torch.optim.Optimizer`` that a package defines itself and a module of it offers."""
    base = importlib.import_module("torch.optim").Optimizer
    own = importlib.import_module(module)
    found = [name for name, item in vars(own).items() if inspect.isclass(item) and issubclass(item, base)]
    return [f"{module}.{name}" for name in found if getattr(own, name).__module__.partition(".")[0] == package]


def bearing(optimizers: Sequence[str], aliases: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The optimizers that are called as a rule is, with the rule; ``aliases`` names the rules of others."""
    by_name = {_plain(name): name for name in rule_names()}
    for optimizer in sorted(optimizers, key=str.lower):
        found = aliases.get(optimizer) or by_name.get(_plain(optimizer.rpartition(".")[2]))
        if found is not None:
            yield optimizer, found


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def claim(optimizer: str, rule: str, time_limit: float = TIME_LIMIT) -> Claim:
    """What an optimizer is, next to the rule whose name it bears.

    Raises
    ------
    UsageError: there is no such optimizer or rule.
    """
    try:
        own = subject(optimizer)
        named = _named(rule)
        verdict = _best(own, named, time_limit)
        switches = _switches(own, named[0])
        if verdict.verdict not in SAME and switches:
            own = subject(f"{optimizer}[{','.join(f'{name}=0.0' for name in switches)}]")
            verdict = min(verdict, _best(own, named, time_limit), key=_near)
        if verdict.verdict in SAME:
            return Claim(optimizer, rule, verdict)
        others = [other for other in variants() if other not in named and agrees(own, other)]
        other = _best(own, others, time_limit) if others else None
        return Claim(optimizer, rule, verdict, other if other is not None and other.verdict in SAME else None)
    except SymoptError as error:
        return Claim(optimizer, rule, None, reason=str(error))


def _named(rule: str) -> list[Subject]:
    """The variants of a rule; the one that is named, where options are."""
    resolved = resolve(rule)
    if "[" in rule:
        return [of_rule(resolved)]
    return [other for other in variants() if type(other.rule) is type(resolved)]


def _switches(own: Subject, rule: Subject) -> list[str]:
    """The arguments that are 0 by default and nothing of a rule, by the likeliest pairing."""
    part = own.parts[0]
    pairing = next(iter(pairings(part.trace, rule.trace)), {})
    known = {partner.name for partner in pairing.values()}
    return [part.hyper_paths[h.name] for h in part.trace.hypers if h.default == 0 and h.name not in known]


def _far(own: Subject, other: Subject) -> tuple[float, int]:
    """How far another trace looks: by its operations, then by its number of hyper-parameters."""
    return -similarity(own.trace, other.trace), abs(len(own.trace.hypers) - len(other.trace.hypers))


def _near(verdict: Verdict) -> tuple[int, int, int]:
    """What comes first of several; of what is different a condition under which it is equal makes it no worse."""
    return worth(verdict if verdict.verdict in SAME else replace(verdict, conditions=()))


def _best(own: Subject, candidates: Sequence[Subject], time_limit: float) -> Verdict:
    """The verdict on the candidate that comes nearest: those that runs do not rule out, or else the most similar."""
    by_likeness = sorted(candidates, key=partial(_far, own))
    near = [other for other in by_likeness if agrees(own, other)][:MOST] or by_likeness[:FEWEST]
    found = [answer(own, other, time_limit=time_limit, in_process=True).verdict for other in near]
    return replace(min(found, key=_near), seconds=0.0)  # of several that are worth the same, the most similar
