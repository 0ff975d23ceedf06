"""Checkpoints of optax: the leaves of a state by their key paths, as ``jax.tree_util.keystr`` writes them.

With a state ``like`` it, such a file is read by

    leaves, tree = jax.tree_util.tree_flatten_with_path(like)
    state = tree.unflatten([file[jax.tree_util.keystr(path)] for path, _ in leaves])
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

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

ROOT = "state"  # what paths of a trace begin with, which keys of a file do without
NAMED = re.compile(r"\['([^']*)'\]\Z")
NUMBERED = re.compile(r"\[\d+\]\Z")


class OptaxFile:
    """An archive of the leaves of a state."""

    def __init__(self, path: Path) -> None:
        """Read the file; raises ``UsageError`` where it is none."""
        self.path = path
        self._arrays, self._settings = read_npz(path)

    @property
    def settings(self) -> list[Settings]:
        """The settings: there is one group."""
        return [self._settings]

    def groups(self, lifted: Lifted, title: str) -> list[Group]:
        """The states of a trace for each parameter; raises ``NotConvertibleError`` where one is not in the file."""
        found = {state: self._below(path.removeprefix(ROOT)) for state, path in lifted.state_paths.items()}
        for state, path in lifted.state_paths.items():
            if not found[state]:
                held = ", ".join(self._arrays) or "nothing"
                raise NotConvertibleError(
                    f"{self.path} holds no {path.removeprefix(ROOT)}, which {title} keeps; it holds {held}"
                )
        suffixes = list(dict.fromkeys(suffix for leaves in found.values() for suffix in leaves))
        if len(suffixes) > 1 and "" in suffixes:  # a number that all parameters share
            suffixes.remove("")
        tensors = []
        for suffix in suffixes:
            states = {name: leaves.get(suffix, leaves.get("")) for name, leaves in found.items()}
            for name, value in states.items():
                if value is None:
                    raise NotConvertibleError(f"{self.path} holds no {lifted.state_paths[name]} for parameter {suffix}")
            tensors.append(Tensor(
                {name: value for name, value in states.items() if value is not None},
                self._steps(lifted), None if suffix == "" or NUMBERED.match(suffix) else _name(suffix),
            ))  # fmt: skip
        return [Group(self._settings, tuple(tensors))]

    def _below(self, prefix: str) -> dict[str, Array]:
        """What stands at or below a path, by the rest of the path."""
        return {
            key.removeprefix(prefix): value for key, value in self._arrays.items()
            if key.startswith(prefix) and (key == prefix or key[len(prefix)] in "[.")
        }  # fmt: skip

    def _steps(self, lifted: Lifted) -> int | None:
        for path, start in lifted.counters.items():
            if path.removeprefix(ROOT) in self._arrays:
                return int(self._arrays[path.removeprefix(ROOT)]) - start
        return None


def optax_bytes(factory: Callable[..., Any], lifted: Lifted, groups: Sequence[Group], title: str) -> bytes:
    """An archive of the leaves of a state, over a list of parameters or a dictionary of those that have names."""
    jax = framework("jax")
    group = only_group(groups, title)
    steps = common_steps(group.tensors, title)
    arguments = arguments_of(lifted, group.settings)
    arrays: dict[str, Array] = {}
    with jax.enable_x64(True):
        made = factory(**arguments)
        for position, tensor in enumerate(group.tensors):
            p = jax.numpy.ones(tensor.shape or (), tensor.dtype)
            fresh, listed = (_leaves(made.init(params)) for params in (p, [p]))
            suffix = f"[{position}]" if tensor.name is None else _suffix(tensor.name)
            values = {lifted.state_paths[name].removeprefix(ROOT): value for name, value in tensor.states.items()}
            for key, leaf in fresh.items():
                value = values.get(key, leaf)
                counted = lifted.counters.get(ROOT + key)
                if counted is not None and steps is not None:
                    value = np.asarray(steps + counted)
                new = np.broadcast_to(value, leaf.shape).astype(leaf.dtype)
                own = key if key in listed else key + suffix
                if own in arrays and not np.array_equal(arrays[own], new):
                    raise NotConvertibleError(f"{title} keeps one {key} for all parameters, and theirs differ")
                arrays[own] = new
    return npz_bytes(arrays, arguments)


def _leaves(state: Any) -> Mapping[str, Array]:
    jax = framework("jax")
    leaves, _ = jax.tree_util.tree_flatten_with_path(state)
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in leaves}


def _suffix(name: str) -> str:
    return name if name.startswith("[") else f"['{name}']"


def _name(suffix: str) -> str:
    named = NAMED.match(suffix)
    return named[1] if named else suffix
