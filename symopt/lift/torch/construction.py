"""How an optimizer is constructed: arguments that its constructor takes, and what it asks of them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symopt.errors import SymoptError
from symopt.ir.nodes import Node, refs
from symopt.lift.arguments import Arguments, read_arguments
from symopt.lift.domains import checked_domains, is_bound
from symopt.lift.packages import package_of
from symopt.lift.session import Decision
from symopt.lift.shapes import SHAPES
from symopt.lift.texts import assumption_texts
from symopt.lift.torch.case import Case, Source
from symopt.lift.torch.execute import conditions_of_constructor


def source_of(cls: type, title: str, fixed: Mapping[str, object]) -> tuple[Source, tuple[str, ...]]:
    """A class with arguments that its constructor takes, and what is assumed of them.

    Hyper-parameters are put near their defaults. Where the constructor raises for that, those that it asked for last
    are put on the other side of their defaults, and in the end fixed at these.

    Raises
    ------
    UsageError: an argument is required that is no hyper-parameter with a usual value.
    UnsupportedError: the constructor raises, whatever it is given.
    """
    parameters = list(inspect.signature(cls).parameters.values())[1:]
    source = Source(cls, title, read_arguments(parameters, fixed, title), _package(cls))
    assumed: list[str] = []
    decisions, error = _constructed_somehow(source)
    while error is not None:  # every turn puts or fixes a hyper-parameter that it has not before
        source, more = _retried(source, [decision.fact for decision in decisions], error)
        assumed += more
        decisions, error = _constructed_somehow(source)
    facts = [decision.fact for decision in decisions]
    arguments = checked_domains(source.arguments, facts)
    left = [fact for fact in facts if not is_bound(fact, arguments.hypers)]
    return replace(source, arguments=arguments), (*assumed, *assumption_texts(left))


def _constructed_somehow(source: Source) -> tuple[list[Decision], SymoptError | None]:
    """The branches of the constructor on the first shape that it takes; those on the first one where it takes none."""
    tried = []
    for shape in SHAPES:
        tried.append(conditions_of_constructor(source, Case(shape)))
        if tried[-1][1] is None:
            return tried[-1]
    return tried[0]


def _retried(source: Source, facts: Sequence[Node], error: SymoptError) -> tuple[Source, list[str]]:
    """Other values for what a constructor refused: numbers on the other side of the default, or the default."""
    names = [name for name in (refs(facts[-1]) if facts else []) if name in source.hypers]
    fresh = [name for name in names if name not in source.nudged and _default(source, name) != 0]
    if fresh:
        return replace(source, nudged=source.nudged | set(fresh)), []
    if not names or any(slot.position is not None for slot in source.arguments.slots if slot.hyper.name in names):
        raise error
    fixed = dict(source.arguments.fixed)
    for slot in source.arguments.slots:
        if slot.hyper.name in names:
            value = slot.hyper.default
            fixed[slot.argument] = int(value) if value.denominator == 1 else float(value)
    kept = tuple(slot for slot in source.arguments.slots if slot.hyper.name not in names)
    said = [f"{name} = {_default(source, name)}" for name in names]
    return replace(source, arguments=Arguments(kept, fixed)), said


def _default(source: Source, name: str) -> Fraction:
    return next(hyper.default for hyper in source.arguments.hypers if hyper.name == name)


def _package(cls: type) -> str:
    """The modules whose use of ``math`` is looked after; of PyTorch itself, those of its optimizers."""
    package = package_of(cls)
    return "torch.optim" if package == "torch" else package
