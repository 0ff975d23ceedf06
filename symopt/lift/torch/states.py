"""States: what an optimizer keeps gets a name before a step, and has a new expression after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num, ref, refs
from symopt.ir.shape import ELEMENT, SCALAR
from symopt.ir.trace import GRADIENT, PARAMETER
from symopt.lift.means import shape_of
from symopt.lift.naming import clean
from symopt.lift.scalars import SymFloat, SymInt, plain
from symopt.lift.session import Session
from symopt.lift.together import OTHER
from symopt.lift.torch.case import Case, Run, Source, Where
from symopt.lift.torch.memory import Memory
from symopt.lift.torch.places import Path, Place, differs, snapshot
from symopt.lift.whole import Whole, parameter_like, shaped
from symopt.passes.build import value as as_value


def symbolised(
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
            run.shapes[name] = shape_of(whole)
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


def check_nothing_else_changed(
    source: Source, before: Mapping[Where, Any], after: Mapping[Where, Place], names: Mapping[Where, str]
) -> None:  # fmt: skip
    """Refuse what a symbolic step made or changed without its being a state.

    Raises
    ------
    UnsupportedError: there is such a thing; the message says where.
    """
    shown = snapshot(after)
    for key, value in shown.items():
        if key in names:
            continue
        text = f"{source.title}: {'.'.join(map(str, key[0]))}"
        if key not in before:
            raise UnsupportedError(f"{text} is made in a step after the first ones")
        if not isinstance(value, torch.Tensor) and differs(before[key], value):
            raise UnsupportedError(f"{text} changes in a step and was not found to be a state")


def new_values(
    case: Case, session: Session, memory: Memory, tensors: Sequence[Any], after: Mapping[Where, Place],
    names: Mapping[Where, str],
) -> dict[str, Node]:  # fmt: skip
    """The expressions of parameters and states after a step."""
    outcome = {
        PARAMETER + OTHER * i: _checked(memory.whole(tensor), case).node for i, tensor in enumerate(tensors)
    }  # fmt: skip
    for key, name in names.items():
        if key in after:
            outcome[name] = expression_of(session, memory, after[key].value)
    return outcome


def _checked(whole: Whole, case: Case) -> Whole:
    """A parameter's new value, whose rows are its rows."""
    expected = parameter_like(num(0), case.shape).labels
    if any(label not in (None, wanted) for label, wanted in zip(whole.labels, expected, strict=True)):
        raise UnsupportedError("the new value of the parameter is transposed")
    return whole


def expression_of(session: Session, memory: Memory, value: Any) -> Node:
    """What a tensor or a number that an optimizer keeps stands for."""
    if isinstance(value, torch.Tensor):
        return as_value(memory.whole(value).node)
    return session.number(value)


def made_as(source: Source, memory: Memory, place: Place | None) -> Node | None:
    """What a state was when it was made, if that is known before the first gradient is."""
    if place is None or not isinstance(place.value, torch.Tensor):
        return None
    whole = memory.made_as(place.value)
    if not isinstance(whole, Whole):
        return None
    node = as_value(whole.node)
    known = {*source.hypers, *(PARAMETER + OTHER * i for i in range(2))}
    return node if set(refs(node)) <= known else None


def can_be_state(value: Any) -> bool:
    """Whether something that changes is a number or a tensor."""
    return isinstance(value, torch.Tensor | int | float) and not isinstance(value, bool)
