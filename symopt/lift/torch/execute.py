"""One symbolic step of an unmodified optimizer: from a general state, or the first one of a fresh object."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from symopt.errors import SymoptError, UnsupportedError
from symopt.ir.nodes import Node, ref
from symopt.lift.frames import source_place, where_it_happened
from symopt.lift.paths import Path as Way
from symopt.lift.scalars import patched_math, symbolic
from symopt.lift.session import Decision, Session, active
from symopt.lift.torch.case import (
    Case,
    Run,
    Source,
    Where,
    made_tensors,
    name_gradients,
    name_parameters,
    set_gradients,
)
from symopt.lift.torch.memory import Memory
from symopt.lift.torch.modes import modes
from symopt.lift.torch.places import differs, places, snapshot
from symopt.lift.torch.states import (
    can_be_state,
    check_nothing_else_changed,
    expression_of,
    made_as,
    new_values,
    symbolised,
)


@contextmanager
def _surroundings(source: Source, session: Session) -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        kept = patched_math(source.package, conversions=True)
        with warnings.catch_warnings(), active(session), kept, torch.no_grad():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(before)


def constructed(source: Source, session: Session, tensors: Sequence[Any]) -> Any:
    """The optimizer with symbolic hyper-parameters."""
    values = {}
    for hyper in source.arguments.hypers:
        shadow = session.near(float(hyper.default))
        if hyper.name in source.nudged:
            shadow = float(hyper.default) * (1 - session.random.uniform(0.02, 0.2))
        values[hyper.name] = symbolic(shadow, ref(hyper.name))
    with where_it_happened(source.title):
        return source.cls(list(tensors), **source.arguments.filled(values))


def conditions_of_constructor(source: Source, case: Case) -> tuple[list[Decision], SymoptError | None]:
    """The branches of the constructor, and what it raises."""
    session = Session(seed=case.seed, matrix=case.matrix)
    with _surroundings(source, session):
        try:
            constructed(source, session, made_tensors(case, session))
        except UnsupportedError as error:
            return session.decisions, error
    return session.decisions, None


def general_step(source: Source, case: Case, forced: Sequence[bool], run: Run) -> Way:
    """A step from a general state; what it found besides the new values goes to ``run``."""
    session = Session(seed=case.seed, matrix=case.matrix, is_recording=False)
    with _surroundings(source, session):
        tensors = made_tensors(case, session)
        optimizer = constructed(source, session, tensors)
        changing = _warmed_up(source, case, session, optimizer, tensors)
        memory = Memory(session)
        name_gradients(case, session, memory, tensors)
        found = places(optimizer, tensors)
        names = symbolised(case, session, memory, tensors, found, changing, source.hypers, run)
        before = snapshot(found)
        session.is_recording, session.forced = True, forced
        error, draws = _stepped(source, session, memory, optimizer)
        if error:
            return Way(tuple(session.decisions), {}, error)
        after = places(optimizer, tensors)
        check_nothing_else_changed(source, before, after, names)
        outcome = new_values(case, session, memory, tensors, after, names)
    run.names, run.draws = names, draws
    run.casts |= session.casts
    return Way(tuple(session.decisions), outcome)


def first_step(
    source: Source, case: Case, forced: Sequence[bool], facts: frozenset[Node], general: Run, run: Run
) -> Way:  # fmt: skip
    """The first step of a fresh optimizer, for the states that the general step has."""
    session = Session(seed=case.seed, matrix=case.matrix, is_recording=False, facts=facts)
    with _surroundings(source, session):
        memory = Memory(session)
        tensors = made_tensors(case, session)
        name_parameters(case, memory, tensors)
        with modes(session, memory):
            optimizer = constructed(source, session, tensors)
            initial = {
                general.names[key]: expression_of(session, memory, place.value)
                for key, place in places(optimizer, tensors).items()
                if key in general.names and can_be_state(place.value)
            }  # fmt: skip
        set_gradients(case, session, tensors)
        name_gradients(case, session, memory, tensors)
        session.is_recording, session.forced = True, forced
        error, _ = _stepped(source, session, memory, optimizer)
        if error:
            return Way(tuple(session.decisions), {}, error)
        after = places(optimizer, tensors)
        outcome = new_values(case, session, memory, tensors, after, general.names)
        run.casts |= session.casts
        for key, name in general.names.items():
            made = initial.get(name) or made_as(source, memory, after.get(key))
            is_same = run.initial.setdefault(name, made) is made
            run.initial[name] = made if is_same else None
    return Way(tuple(session.decisions), outcome)


def _stepped(source: Source, session: Session, memory: Memory, optimizer: Any) -> tuple[str, tuple[str, ...]]:
    """Take the step; what the code raises as a text, and the random numbers that were drawn."""
    try:
        with modes(session, memory) as dispatch:
            optimizer.step()
    except UnsupportedError as error:
        place = source_place(error)
        text = str(error)
        raise UnsupportedError(
            text if text.startswith(source.title) else f"{source.title}: {place + ': ' if place else ''}{text}"
        ) from None
    except Exception as error:  # somebody's code: any exception is the end of this way through it
        return f"{source.title}: {source_place(error)}: {_said(error)}", ()
    return "", tuple(dispatch.draws)


def _said(error: Exception) -> str:
    if "closure" in str(error) or (isinstance(error, TypeError) and "NoneType' object is not callable" in str(error)):
        return f"the step needs a closure ({error})"
    return f"{type(error).__name__}: {error}"


def _warmed_up(source: Source, case: Case, session: Session, optimizer: Any, tensors: Sequence[Any]) -> set[Where]:
    """Take concrete steps; the places that they change.

    Raises
    ------
    UnsupportedError: something changes that cannot be a state.
    """
    changing: set[Where] = set()
    before: dict[Where, Any] | None = None
    for _ in range(case.warm):
        set_gradients(case, session, tensors)
        try:
            with where_it_happened(source.title):
                optimizer.step()
        except UnsupportedError as error:
            if isinstance(error.__cause__, Exception) and not isinstance(error.__cause__, SymoptError):
                said = _said(error.__cause__)
                raise UnsupportedError(f"{source.title}: {source_place(error.__cause__)}: {said}") from None
            raise
        after = snapshot(places(optimizer, tensors))
        if before is not None:
            changing |= {key for key, value in after.items() if key in before and differs(before[key], value)}
        before = after
    for key in sorted(changing, key=str):
        if before is not None and not can_be_state(before.get(key)):
            raise UnsupportedError(
                f"{source.title}: {'.'.join(map(str, key[0]))} changes from step to step and is no number"
            )
    return changing
