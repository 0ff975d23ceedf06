"""Checkpoints of PyTorch: files of ``torch.save(optimizer.state_dict())``."""

from __future__ import annotations

import inspect
import io
import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError, UsageError
from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework
from symopt.targets.checkpoint import Array, Group, NotConvertibleError, Settings, Tensor, arguments_of

GROUPS, STATE, PARAMS, NAMES = "param_groups", "state", "params", "param_names"


class TorchFile:
    """A file of a state dictionary; nothing in it is run."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises
        ------
        UsageError: there is no such file, or it holds no state of an optimizer.
        """
        torch = framework("torch")
        self.path = path
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            raise UsageError(f"no file {path}") from None
        # A file of another kind, or one with objects in it that only running code would restore.
        except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, OSError, KeyError, AttributeError) as error:
            said = str(error).strip().splitlines() or [""]
            raise UsageError(f"{path} is no file of tensors written by torch.save: {said[0]}") from None
        if not isinstance(found, dict) or not isinstance(found.get(GROUPS), list) or STATE not in found:
            inner = [key for key, value in found.items() if _is_state(value)] if isinstance(found, dict) else []
            hint = f"; its {inner[0]!r} is one" if inner else ""
            raise UsageError(f"{path} is no optimizer.state_dict(): it has no {STATE!r} and {GROUPS!r}{hint}")
        self._found = found

    @property
    def settings(self) -> list[Settings]:
        """The settings of each group."""
        return [
            {name: _number(value) for name, value in group.items() if name not in (PARAMS, NAMES)}
            for group in self._found[GROUPS]
        ]

    def check_flags(self, cls: type, title: str) -> None:
        """Refuse a file in which an optimizer has set a flag of its groups, that is no argument, in another way.

        Raises
        ------
        NotConvertibleError: it is the state of another optimizer.
        """
        torch = framework("torch")
        known = set(inspect.signature(cls).parameters)
        arguments = {name: value for name, value in self.settings[0].items() if name in known}
        try:
            made = cls([torch.nn.Parameter(torch.ones(()))], **arguments).param_groups[0]
        except Exception as error:  # the constructor is somebody's code
            raise NotConvertibleError(f"{title} does not take the settings of {self.path}: {error}") from None
        for name in sorted(set(made) - known):
            for group in self._found[GROUPS]:
                if isinstance(made[name], bool | str) and group.get(name, made[name]) != made[name]:
                    raise NotConvertibleError(
                        f"{self.path} is the state of another optimizer: it has {name} = {group[name]!r}, and {title} "
                        f"has {made[name]!r}"
                    )

    def groups(self, lifted: Lifted, title: str) -> list[Group]:
        """The groups with the states of a trace.

        Raises
        ------
        NotConvertibleError: a state is not in the file.
        """
        groups = []
        for group, settings in zip(self._found[GROUPS], self.settings, strict=True):
            names = group.get(NAMES) or [None] * len(group[PARAMS])
            tensors = tuple(
                self._tensor(lifted, title, number, group, name)
                for number, name in zip(group[PARAMS], names, strict=True)
            )
            groups.append(Group(settings, tensors))
        return groups

    def _tensor(self, lifted: Lifted, title: str, number: int, group: Settings, name: str | None) -> Tensor:
        own = self._found[STATE].get(number)
        if not own and (lifted.state_paths or lifted.counters):
            return Tensor({}, 0, name)
        states = {}
        for state, path in lifted.state_paths.items():
            value = _at(path, own or {}, group)
            if value is None:
                held = ", ".join(map(str, own or {})) or "nothing"
                raise NotConvertibleError(
                    f"{self.path} holds no {path.partition('.')[2]} for parameter {number}, which {title} keeps; "
                    f"it holds {held}"
                )
            states[state] = _array(value)
        steps = None
        for path, start in lifted.counters.items():
            value = _at(path, own or {}, group)
            if value is None:
                raise NotConvertibleError(f"{self.path} holds no {path} for parameter {number}, which {title} keeps")
            steps = round(float(value)) - start
        return Tensor(states, steps, name)


def torch_bytes(cls: type, lifted: Lifted, groups: Sequence[Group], title: str) -> bytes:
    """A file for ``optimizer.load_state_dict(torch.load(file))``; settings of groups are by the trace's names.

    A real optimizer takes a step, and what it made is then given the values.

    Raises
    ------
    UnsupportedError: the optimizer keeps a state where a state dictionary has none.
    """
    torch = framework("torch")
    made, pairs = [], []
    for group in groups:
        parameters = [_fresh(torch, tensor) for tensor in group.tensors]
        arguments = arguments_of(lifted, group.settings)
        made.append({PARAMS: parameters, **arguments})
        pairs += list(zip(parameters, group.tensors, strict=True))
    common = {name: value for name, value in made[0].items() if name != PARAMS}
    optimizer = cls(made, **common)
    optimizer.step()
    for group, parameters in zip(optimizer.param_groups, [item[PARAMS] for item in made], strict=True):
        for parameter in parameters:
            tensor = next(tensor for other, tensor in pairs if other is parameter)
            if not tensor.is_fresh:
                _fill(torch, lifted, tensor, optimizer.state[parameter], group, title)
    found = optimizer.state_dict()
    for group, own in zip(found[GROUPS], groups, strict=True):
        if own.tensors and all(tensor.name is not None for tensor in own.tensors):
            group[NAMES] = [tensor.name for tensor in own.tensors]
    stream = io.BytesIO()
    torch.save(found, stream)
    return stream.getvalue()


def _fresh(torch: Any, tensor: Tensor) -> Any:
    """A parameter of a shape and type; it has a gradient where a step was taken."""
    parameter = torch.nn.Parameter(torch.ones(tensor.shape or (), dtype=getattr(torch, tensor.dtype.name)))
    if not tensor.is_fresh:
        parameter.grad = torch.ones_like(parameter)
    return parameter


def _fill(torch: Any, lifted: Lifted, tensor: Tensor, own: Any, group: Any, title: str) -> None:
    values = {lifted.state_paths[name]: value for name, value in tensor.states.items()}
    if tensor.steps is not None:
        values |= {path: np.asarray(tensor.steps + start) for path, start in lifted.counters.items()}
    for path, value in values.items():
        before = _at(path, own, group)
        if before is None:
            raise UnsupportedError(f"{title} keeps {path} where a state dictionary has no place for it")
        if isinstance(before, torch.Tensor):
            new = torch.as_tensor(np.array(value)).to(before.dtype).expand(before.shape).clone()
        else:
            new = type(before)(value.item())
        holder, key = _holder(path, own, group)
        holder[key] = new


def _holder(path: str, own: Any, group: Any) -> tuple[Any, Any]:
    """What holds the value at a path, as ``state.exp_avg`` or ``group.step``, and its key there."""
    where, *keys = path.split(".")
    holder: Any = {"state": own, "group": group}.get(where, {})
    for key in keys[:-1]:
        holder = holder.get(key, {}) if isinstance(holder, Mapping) else holder[int(key)]
    last = keys[-1] if keys else ""
    return holder, last if isinstance(holder, Mapping) else int(last)


def _at(path: str, own: Any, group: Any) -> Any:
    holder, key = _holder(path, own, group)
    return holder.get(key) if isinstance(holder, Mapping) else holder[key] if key < len(holder) else None


def _array(value: Any) -> Array:
    """A tensor or number as an array; the shorter floats of PyTorch fit into single precision."""
    if not hasattr(value, "detach"):
        return np.asarray(value)
    value = value.detach()
    if value.is_floating_point() and value.element_size() < 4:
        value = value.float()
    return np.asarray(value.numpy())


def _number(value: Any) -> Any:
    """A setting as a plain value, one in a tensor of one element too."""
    return value.item() if hasattr(value, "item") and getattr(value, "numel", int)() == 1 else value


def _is_state(value: Any) -> bool:
    return isinstance(value, dict) and GROUPS in value and STATE in value
