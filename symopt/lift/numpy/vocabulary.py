"""NumPy as somebody's code sees it while it is lifted: what makes arrays makes arrays that carry expressions."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.scalars import SymFloat, SymInt
from symopt.lift.whole import filled


class Kind(type):
    """A type whose instances are numbers or arrays with expressions too."""

    plain: tuple[type, ...]

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls.plain)


class NumPyArray(metaclass=Kind):
    """``np.ndarray``."""

    plain = (np.ndarray, SymArray)


class Vocabulary(ModuleType):
    """A module as a text sees it: some names are replaced, the rest are the library's own."""

    def __init__(self, name: str, replaced: Mapping[str, Any], library: Any = None) -> None:
        super().__init__(name)
        self._replaced, self._library = replaced, library

    def __getattr__(self, name: str) -> Any:
        if name in self._replaced:
            return self._replaced[name]
        if self._library is None:
            raise AttributeError(f"{self.__name__} has no {name} in generated texts")
        return getattr(self._library, name)


class Refused:
    """A part of a library that is not lifted; it is named where it is called."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Refused:
        return Refused(f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError(self._name)


def zeros(shape: Any, *args: Any, **kwargs: Any) -> SymArray:
    """``np.zeros``."""
    return full(shape, 0)


def ones(shape: Any, *args: Any, **kwargs: Any) -> SymArray:
    """``np.ones``."""
    return full(shape, 1)


def full(shape: Any, value: Any, *args: Any, **kwargs: Any) -> SymArray:
    """``np.full``."""
    return SymArray.of(filled(whole_of(value).node, tuple(shape) if isinstance(shape, tuple | list) else (shape,)))


def array(value: Any, *args: Any, **kwargs: Any) -> Any:
    """``np.array``: an array of its own."""
    made = asarray(value, *args, **kwargs)
    return made.copy() if made is value else made


def asarray(value: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> Any:
    """``np.asarray``: the array itself where it is one."""
    if isinstance(value, SymArray):
        return value if dtype is None else value.astype(dtype)
    is_symbolic = isinstance(value, SymFloat | SymInt)
    return SymArray.of(whole_of(value)) if is_symbolic else np.array(value, dtype, **kwargs)


MAKERS: Mapping[str, Any] = {
    "ndarray": NumPyArray, "zeros": zeros, "empty": zeros, "full": full, "array": array, "asarray": asarray,
    "ones": ones, "asanyarray": asarray, "ascontiguousarray": asarray, "asfarray": asarray,
}  # fmt: skip


def replacements() -> dict[int, Any]:
    """What stands in modules for NumPy and for what is imported from it, by the identity of what is replaced."""
    random = Refused("np.random")
    names = {**MAKERS, "random": random}
    of_random = {id(getattr(np.random, name)): getattr(random, name) for name in np.random.__all__}
    originals = {name: getattr(np, name) for name in names if hasattr(np, name)}
    return {
        id(np): Vocabulary("np", names, np),
        **of_random,
        **{id(item): names[name] for name, item in originals.items()},
    }
