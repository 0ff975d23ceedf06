"""One symbolic step of an unmodified optimizer: from a general state, or the first one of a fresh object."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch

from symopt.errors import SymoptError, UnsupportedError
from symopt.ir.nodes import Node, num, ref, refs
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, Shape
from symopt.ir.trace import GRADIENT, PARAMETER
from symopt.lift.arguments import Arguments
from symopt.lift.build import value as as_value
from symopt.lift.frames import source_place, where_it_happened
from symopt.lift.naming import clean
from symopt.lift.paths import Path as Way
from symopt.lift.scalars import SymFloat, SymInt, patched_math, plain, symbolic
from symopt.lift.session import Decision, Session, active
from symopt.lift.torch.memory import Memory
from symopt.lift.torch.modes import modes
from symopt.lift.torch.places import Path, Place, differs, places, snapshot
from symopt.lift.whole import ALONG, DOWN, Whole, parameter_like, shaped

OTHER = "'"  # what follows the names of the second tensor
Where = tuple[Path, int | None]


@dataclass(frozen=True)
class Source:
    """An optimizer class, the arguments of its constructor, and the package whose ``math`` is looked after."""

    cls: type
    title: str
    arguments: Arguments
    package: str
    nudged: frozenset[str] = frozenset()

    @property
    def hypers(self) -> list[str]:
        """The names of the hyper-parameters."""
        return [hyper.name for hyper in self.arguments.hypers]


@dataclass(frozen=True)
class Case:
    """How a step is executed: on what shape, with which random numbers, after how many concrete steps."""

    shape: tuple[int, ...]
    seed: int = 1
    warm: int = 3
    tensors: int = 1

    @property
    def matrix(self) -> tuple[int, int] | None:
        """Rows and columns, where the parameter is a matrix."""
        return (self.shape[0], self.shape[1]) if len(self.shape) == 2 else None


@dataclass
class Run:
    """What one execution found besides the new values."""

    names: dict[Where, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    initial: dict[str, Node | None] = field(default_factory=dict)
    casts: dict[str, None] = field(default_factory=dict)
    draws: tuple[str, ...] = ()


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
            constructed(source, session, _tensors(case, session))
        except UnsupportedError as error:
            return session.decisions, error
    return session.decisions, None


def general_step(source: Source, case: Case, forced: Sequence[bool], run: Run) -> Way:
    """A step from a general state; what it found besides the new values goes to ``run``."""
    session = Session(seed=case.seed, matrix=case.matrix, is_recording=False)
    with _surroundings(source, session):
        tensors = _tensors(case, session)
        optimizer = constructed(source, session, tensors)
        changing = _warmed_up(source, case, session, optimizer, tensors)
        memory = Memory(session)
        _name_gradients(case, session, memory, tensors)
        found = places(optimizer, tensors)
        names = _symbolised(case, session, memory, tensors, found, changing, source.hypers, run)
        before = snapshot(found)
        session.is_recording, session.forced = True, forced
        error, draws = _stepped(source, session, memory, optimizer)
        if error:
            return Way(tuple(session.decisions), {}, error)
        after = places(optimizer, tensors)
        _check_nothing_else_changed(source, before, after, names)
        outcome = _new_values(case, session, memory, tensors, after, names)
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
        tensors = _tensors(case, session)
        _name_parameters(case, memory, tensors)
        with modes(session, memory):
            optimizer = constructed(source, session, tensors)
            initial = {
                general.names[key]: _node(session, memory, place.value)
                for key, place in places(optimizer, tensors).items()
                if key in general.names and _can_be_state(place.value)
            }  # fmt: skip
        _set_gradients(case, session, tensors)
        _name_gradients(case, session, memory, tensors)
        session.is_recording, session.forced = True, forced
        error, _ = _stepped(source, session, memory, optimizer)
        if error:
            return Way(tuple(session.decisions), {}, error)
        after = places(optimizer, tensors)
        outcome = _new_values(case, session, memory, tensors, after, general.names)
        run.casts |= session.casts
        for key, name in general.names.items():
            made = initial.get(name) or _made_as(source, memory, after.get(key))
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


def _tensors(case: Case, session: Session) -> list[Any]:
    made = [torch.nn.Parameter(_random(case, session)) for _ in range(case.tensors)]
    for tensor in made:
        tensor.grad = _random(case, session)
    return made


def _set_gradients(case: Case, session: Session, tensors: Sequence[Any]) -> None:
    for tensor in tensors:
        tensor.grad = _random(case, session)


def _random(case: Case, session: Session) -> Any:
    source, number = session.random, 1
    for extent in case.shape:
        number *= extent
    values = [source.uniform(0.3, 2.0) * source.choice((-1.0, 1.0)) for _ in range(number)]
    return torch.tensor(values, dtype=torch.float64).reshape(case.shape)


def _warmed_up(source: Source, case: Case, session: Session, optimizer: Any, tensors: Sequence[Any]) -> set[Where]:
    """Take concrete steps; the places that they change.

    Raises
    ------
    UnsupportedError: something changes that cannot be a state.
    """
    changing: set[Where] = set()
    before: dict[Where, Any] | None = None
    for _ in range(case.warm):
        _set_gradients(case, session, tensors)
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
        if before is not None and not _can_be_state(before.get(key)):
            raise UnsupportedError(
                f"{source.title}: {'.'.join(map(str, key[0]))} changes from step to step and is no number"
            )
    return changing


def _can_be_state(value: Any) -> bool:
    return isinstance(value, torch.Tensor | int | float) and not isinstance(value, bool)


def _name_parameters(case: Case, memory: Memory, tensors: Sequence[Any]) -> None:
    for i, tensor in enumerate(tensors):
        memory.write(tensor, parameter_like(ref(PARAMETER + OTHER * i), case.shape))


def _name_gradients(case: Case, session: Session, memory: Memory, tensors: Sequence[Any]) -> None:
    _name_parameters(case, memory, tensors)
    for i, tensor in enumerate(tensors):
        tensor.grad = _random(case, session)
        memory.write(tensor.grad, parameter_like(ref(GRADIENT + OTHER * i), case.shape))


def _symbolised(
    case: Case, session: Session, memory: Memory, tensors: Sequence[Any], found: Mapping[Where, Place],
    changing: set[Where], hypers: Sequence[str], run: Run,
) -> dict[Where, str]:  # fmt: skip
    """Give every state a name in place of its value."""
    stores = {_store(tensor) for tensor in tensors}
    taken = {PARAMETER, GRADIENT, *hypers}
    plain_names: dict[Path, str] = {}
    names: dict[Where, str] = {}
    run.shapes = dict.fromkeys([x + OTHER * i for x in (PARAMETER, GRADIENT) for i in range(case.tensors)], ELEMENT)
    for key, place in found.items():
        path, owner = key
        value = place.value
        is_tensor = isinstance(value, torch.Tensor)
        if not (key in changing or (is_tensor and path[0] == "state")) or (is_tensor and value.numel() == 0):
            continue
        if is_tensor and _store(value) in stores:
            continue  # the parameter itself, or a state that has a name already
        if path not in plain_names:
            plain_names[path] = clean("_".join(map(str, path[1:])), taken)
            taken.add(plain_names[path])
        name = plain_names[path] + OTHER * (owner or 0)
        names[key] = name
        if is_tensor:
            stores.add(_store(value))
            if value.numel() == 1 and owner and value.dtype is not torch.bool:
                value.fill_(_apart(value.item()))
            whole = shaped(ref(name), value.shape, case.matrix)
            run.shapes[name] = _shape(whole)
            memory.write(value, whole)
        else:
            shadow = _apart(plain(value)) if owner else plain(value)
            place.put(SymInt(shadow, ref(name)) if isinstance(shadow, int) else SymFloat(shadow, ref(name)))
            if isinstance(shadow, float):
                session.note(shadow, ref(name))
            run.shapes[name] = SCALAR
    return names


def _apart(value: Any) -> Any:
    """Another number for the second tensor, so that the two can be told apart by their values."""
    return value + 2 if value == int(value) else value * 1.03125


def _store(tensor: Any) -> tuple[int, int]:
    """The memory of a tensor: its storage, and its place there."""
    return tensor.untyped_storage()._cdata, tensor.storage_offset()


def _shape(whole: Whole) -> Shape:
    if not whole.axes:
        return SCALAR
    return PER_ROW if whole.axes == {DOWN} else PER_COL if whole.axes == {ALONG} else ELEMENT


def _check_nothing_else_changed(
    source: Source, before: Mapping[Where, Any], after: Mapping[Where, Place], names: Mapping[Where, str]
) -> None:  # fmt: skip
    shown = snapshot(after)
    for key, value in shown.items():
        if key in names:
            continue
        text = f"{source.title}: {'.'.join(map(str, key[0]))}"
        if key not in before:
            raise UnsupportedError(f"{text} is made in a step after the first ones")
        if not isinstance(value, torch.Tensor) and differs(before[key], value):
            raise UnsupportedError(f"{text} changes in a step and was not found to be a state")


def _new_values(
    case: Case, session: Session, memory: Memory, tensors: Sequence[Any], after: Mapping[Where, Place],
    names: Mapping[Where, str],
) -> dict[str, Node]:  # fmt: skip
    outcome = {
        PARAMETER + OTHER * i: _checked(memory.whole(tensor), case).node for i, tensor in enumerate(tensors)
    }  # fmt: skip
    for key, name in names.items():
        if key in after:
            outcome[name] = _node(session, memory, after[key].value)
    return outcome


def _checked(whole: Whole, case: Case) -> Whole:
    """A parameter's new value, whose rows are its rows."""
    expected = parameter_like(num(0), case.shape).labels
    if any(label not in (None, wanted) for label, wanted in zip(whole.labels, expected, strict=True)):
        raise UnsupportedError("the new value of the parameter is transposed")
    return whole


def _node(session: Session, memory: Memory, value: Any) -> Node:
    if isinstance(value, torch.Tensor):
        return as_value(memory.whole(value).node)
    return session.number(value)


def _made_as(source: Source, memory: Memory, place: Place | None) -> Node | None:
    """What a state was when it was made, if that is known before the first gradient is."""
    if place is None or not isinstance(place.value, torch.Tensor):
        return None
    whole = memory.made_as(place.value)
    if not isinstance(whole, Whole):
        return None
    node = as_value(whole.node)
    known = {*source.hypers, *(PARAMETER + OTHER * i for i in range(2))}
    return node if set(refs(node)) <= known else None
