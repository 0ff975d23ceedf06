"""Checkpoints of generated NumPy kernels: the state dictionary that ``init`` makes, ``t`` and a key for each state.

Where there are several parameters, the keys have the parameter's name or number before them: ``0/m``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from symopt.ir.trace import STEP, Trace
from symopt.targets.checkpoint import Array, Group, NotConvertibleError, Settings, Tensor, only_group
from symopt.targets.checkpoint_npz import npz_bytes, read_npz


class RuleFile:
    """An archive of the state of one parameter, or of several."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ``UsageError`` where it is none."""
        self.path = path
        self._arrays, self._settings = read_npz(path)

    @property
    def settings(self) -> list[Settings]:
        """The settings: there is one group."""
        return [self._settings]

    def groups(self, trace: Trace) -> list[Group]:
        """The states of a rule for each parameter; raises ``NotConvertibleError`` where one is not in the file."""
        owners: dict[str, dict[str, Array]] = {}
        for key, value in self._arrays.items():
            owner, _, name = key.rpartition("/")
            owners.setdefault(owner, {})[name] = value
        tensors = []
        for owner, arrays in owners.items():
            missing = [name for name in (STEP, *(state.name for state in trace.states)) if name not in arrays]
            if missing:
                held = ", ".join(arrays)
                raise NotConvertibleError(
                    f"{self.path} holds no {', '.join(missing)}, which {trace.title} keeps; it holds {held}"
                )
            states = {state.name: arrays[state.name] for state in trace.states}
            tensors.append(Tensor(states, int(arrays[STEP]), None if not owner or owner.isdigit() else owner))
        return [Group(self._settings, tuple(tensors))]


def rule_bytes(trace: Trace, groups: Sequence[Group]) -> bytes:
    """An archive of the states of a rule."""
    group = only_group(groups, trace.title)
    arrays: dict[str, Array] = {}
    for position, tensor in enumerate(group.tensors):
        if tensor.is_fresh:
            raise NotConvertibleError(f"parameter {position} has taken no step: {trace.title} has no state for it yet")
        if tensor.steps is None:
            raise NotConvertibleError(
                "the checkpoint holds no number of steps, which kernels count: give it by --steps"
            )
        owner = "" if len(group.tensors) == 1 else f"{tensor.name or position}/"
        arrays[f"{owner}{STEP}"] = np.asarray(tensor.steps)
        arrays |= {f"{owner}{name}": value for name, value in tensor.states.items()}
    return npz_bytes(arrays, group.settings)
