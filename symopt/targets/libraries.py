"""The optimizers that libraries install, against the rules of the catalogue whose names they bear."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from symopt.catalogue import resolve, rule_names
from symopt.errors import SymoptError, UsageError
from symopt.prove.verdict import Verdict
from symopt.targets.compare import answer
from symopt.targets.identify import agrees, similarity, variants, worth
from symopt.targets.resolve import of_rule, subject
from symopt.targets.subject import Subject

# Seconds for each comparison, and how many variants of a rule that runs do not rule out are compared.
TIME_LIMIT, MOST = 5.0, 4


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
    """The optimizers that are called as a rule is, with it, in alphabetical order; ``aliases`` names the rules of others."""
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
    resolved = resolve(rule)
    try:
        own = subject(optimizer)
        named = [other for other in variants() if other.rule is not None and type(other.rule) is type(resolved)]
        named = [of_rule(resolved)] if "[" in rule else named
        verdict = _best(own, named, time_limit)
        if verdict.verdict in ("equal", "equal-if"):
            return Claim(optimizer, rule, verdict)
        others = [other for other in variants() if other not in named and agrees(own, other)]
        other = _best(own, others, time_limit) if others else None
        is_other = other is not None and other.verdict in ("equal", "equal-if")
        return Claim(optimizer, rule, verdict, other if is_other else None)
    except UsageError as error:
        return Claim(optimizer, rule, None, reason=str(error))
    except SymoptError as error:
        return Claim(optimizer, rule, None, reason=str(error))


def _best(own: Subject, candidates: Sequence[Subject], time_limit: float) -> Verdict:
    """The verdict on the candidate that comes nearest: those that runs do not rule out, or else the most similar."""
    near = [other for other in candidates if agrees(own, other)][:MOST]
    near = near or sorted(candidates, key=lambda other: -similarity(own.trace, other.trace))[:1]
    found = [answer(own, other, time_limit=time_limit, in_process=True).verdict for other in near]
    best = min(found, key=worth)
    return replace(best, seconds=0.0)
