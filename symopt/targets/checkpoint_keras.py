"""Checkpoints of Keras: an optimizer's variables by their numbers, as ``optimizer.save_own_variables`` stores them.

``optimizer.load_own_variables`` takes the file's entries whose keys are numbers, once the optimizer is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework
from symopt.targets.checkpoint import (
    Array,
    Group,
    NotConvertibleError,
    Settings,
    Tensor,
    arguments_of,
    common_steps,
    only_group,
)  # fmt: skip
from symopt.targets.checkpoint_npz import npz_bytes, read_npz

Slot = tuple[str, int | None]  # what a variable is, and the position of the parameter that it belongs to


class KerasFile:
    """An archive of the variables of an optimizer."""

    def __init__(self, path: Path, cls: Callable[..., Any]) -> None:
        """Read the file; raises ``UsageError`` where it is none."""
        self.path, self._cls = path, cls
        arrays, self._settings = read_npz(path)
        self._arrays = {key: value for key, value in arrays.items() if key.isdigit()}
        if not self._arrays:
            held = ", ".join(arrays) or "nothing"
            raise UsageError(
                f"{path} holds no variables of an optimizer under 0, 1, ..., as save_own_variables stores them; "
                f"it holds {held}"
            )

    @property
    def settings(self) -> list[Settings]:
        """The settings: there is one group."""
        return [self._settings]

    def groups(self, lifted: Lifted, title: str) -> list[Group]:
        """The states of a trace for each parameter.

        Raises
        ------
        NotConvertibleError: the file does not hold the variables of such an optimizer.
        """
        arguments = {**lifted.fixed, **{k: v for k, v in self._settings.items() if k not in lifted.fixed}}
        with precision(np.dtype(np.float64)):
            kinds = [name for name, owner in _slots(self._cls(**arguments), [()]) if owner is not None]
            shared = len(_slots(self._cls(**arguments), [()])) - len(kinds)
            number, rest = divmod(len(self._arrays) - shared, len(kinds) or 1)
            if rest or number < 0:
                raise NotConvertibleError(
                    f"{self.path} holds {len(self._arrays)} variables; {title} has {shared} and "
                    f"{len(kinds)} for each parameter"
                )
            slots = _slots(self._cls(**arguments), [()] * number)
        held = {slot: self._arrays[str(i)] for i, slot in enumerate(slots)}
        counted = [
            int(held[_named(path), None]) - start
            for path, start in lifted.counters.items() if (_named(path), None) in held
        ]  # fmt: skip
        tensors = []
        for position in range(number):
            states = {}
            for state, path in lifted.state_paths.items():
                value = held.get((_named(path), position), held.get((_named(path), None)))
                if value is None:
                    raise NotConvertibleError(f"{self.path} holds no {_named(path)}, which {title} keeps")
                states[state] = value
            tensors.append(Tensor(states, counted[0] if counted else None))
        return [Group(self._settings, tuple(tensors))]


def keras_bytes(cls: Callable[..., Any], lifted: Lifted, groups: Sequence[Group], title: str) -> bytes:
    """An archive of the variables of an optimizer that is built for the parameters in their order."""
    group = only_group(groups, title)
    steps = common_steps(group.tensors, title)
    arguments = arguments_of(lifted, group.settings)
    wide = max((tensor.dtype for tensor in group.tensors), key=lambda dtype: dtype.itemsize, default=np.dtype("f4"))
    with precision(wide):
        optimizer = cls(**arguments)
        slots = _slots(optimizer, [tensor.shape or () for tensor in group.tensors])
        arrays: dict[str, Array] = {}
        for number, ((name, owner), variable) in enumerate(zip(slots, optimizer.variables, strict=True)):
            value = np.asarray(framework("keras").ops.convert_to_numpy(variable.value))
            start = lifted.counters.get(_path(name))
            if owner is not None:
                states = {lifted.state_paths[state]: array for state, array in group.tensors[owner].states.items()}
                value = np.broadcast_to(states.get(_path(name), value), value.shape).astype(value.dtype)
            elif start is not None and steps is not None:
                value = np.asarray(steps + start, dtype=value.dtype)
            arrays[str(number)] = value
    return npz_bytes(arrays, arguments)


@contextmanager
def precision(dtype: np.dtype[Any]) -> Iterator[None]:
    """Keras with numbers of a type inside the block."""
    config = framework("keras").config
    before = config.floatx()
    config.set_floatx(dtype.name)
    try:
        with framework("jax").enable_x64(dtype == np.float64) if find_spec("jax") else nullcontext():
            yield
    finally:
        config.set_floatx(before)


def _slots(optimizer: Any, shapes: Sequence[tuple[int, ...]]) -> list[Slot]:
    """What each variable of an optimizer is, once it is built for parameters of some shapes."""
    keras = framework("keras")
    floatx = keras.config.floatx()
    optimizer.build([
        keras.Variable(np.ones(shape, floatx), dtype=floatx, name=f"param{i}") for i, shape in enumerate(shapes)
    ])  # fmt: skip
    attributes = {id(value): name.strip("_") for name, value in vars(optimizer).items()}
    slots: list[Slot] = []
    for variable in optimizer.variables:
        owner, _, name = variable.name.partition("_")
        position = owner.removeprefix("param")
        is_own = owner != position and position.isdigit()
        slots.append((name, int(position)) if is_own else (attributes.get(id(variable), variable.name), None))
    return slots


def _path(name: str) -> str:
    """Where a trace says that a variable is."""
    return f"state['{name}']"


def _named(path: str) -> str:
    return path.removeprefix("state['").removesuffix("']")
