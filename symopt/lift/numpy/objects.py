"""Optimizers of NumPy that are classes: an object keeps the state in its attributes, a method takes the step."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError, UsageError
from symopt.lift.arguments import Arguments, read_arguments
from symopt.lift.numpy.array import SymArray
from symopt.lift.numpy.containers import Container
from symopt.lift.numpy.names import is_numeric
from symopt.lift.numpy.program import Values
from symopt.lift.packages import package_of
from symopt.lift.scalars import SymFloat, SymInt
from symopt.lift.signature import Signature, is_gradient, is_parameter, read_signature
from symopt.lift.tree import Path, leaves

METHODS = ("step", "update", "update_params", "apply", "__call__")
STEPS = 4  # concrete steps after which what changes has changed


def step_method(cls: type) -> str | None:
    """The method of a class that takes parameters and gradients; None where it has none."""
    return next((name for name in METHODS if _takes_step(cls, name)), None)


def _takes_step(cls: type, name: str) -> bool:
    method = inspect.getattr_static(cls, name, None)
    if not inspect.isfunction(method):
        return False
    required = _required(method)
    names = [parameter.name for parameter in required[:2]]
    if len(required) == 1:  # the parameters went to the constructor
        return _is_model_given(cls) and is_gradient(names[0])
    return len(required) > 1 and (is_gradient(names[1]) or (is_gradient(names[0]) and is_parameter(names[1])))


def _required(method: Any) -> list[inspect.Parameter]:
    """The arguments that a method must be given, without the object."""
    parameters = list(inspect.signature(method).parameters.values())[1:]
    return [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]


def _is_model_given(cls: type) -> bool:
    """Whether the constructor takes the parameters."""
    constructor = inspect.getattr_static(cls, "__init__", None)
    required = _required(constructor) if inspect.isfunction(constructor) else []
    return bool(required) and is_parameter(required[0].name)


def object_of(cls: type, title: str, fixed: Mapping[str, Any]) -> Object:
    """A class as a program.

    Raises
    ------
    UsageError: an argument is required and unknown, ``fixed`` names none, or no method takes a step.
    UnsupportedError: the method takes state, which is for the object to keep.
    """
    name = step_method(cls)
    if name is None:
        raise UsageError(f"{title} has no method step(params, grads) or update(params, grads)")
    own = list(inspect.signature(cls).parameters.values())
    is_model_given = _is_model_given(cls) and len(_required(getattr(cls, name))) == 1
    constructor = read_arguments(own[1:] if is_model_given else own, _among(fixed, own), title)
    given = list(inspect.signature(getattr(cls, name)).parameters.values())[1:]
    if is_model_given:
        given.insert(0, inspect.Parameter("params", inspect.Parameter.POSITIONAL_OR_KEYWORD))
    rest = {key: value for key, value in fixed.items() if key not in _among(fixed, own)}
    method = read_signature(given, f"{title}.{name}", rest)
    if method.states:
        raise UnsupportedError(f"{title}.{name} takes {', '.join(method.states)} besides parameters and gradients")
    twice = {hyper.name for hyper in constructor.hypers} & {hyper.name for hyper in method.arguments.hypers}
    if twice:
        raise UnsupportedError(f"{title}: {', '.join(sorted(twice))} is given to the constructor and to {name}")
    return Object(cls, title, name, constructor, method, is_model_given)


def _among(fixed: Mapping[str, Any], parameters: Sequence[inspect.Parameter]) -> dict[str, Any]:
    names = {parameter.name for parameter in parameters}
    return {name: value for name, value in fixed.items() if name in names}


@dataclass(frozen=True)
class Object:
    """An optimizer class as a program; its state are the attributes that steps change.

    ``method`` takes the step, with ``signature``; ``is_model_given`` says that the constructor takes the parameters;
    ``changing`` are the attributes that were seen to change.
    """

    cls: type
    title: str
    method: str
    constructor: Arguments
    signature: Signature
    is_model_given: bool
    changing: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """Of the class."""
        return package_of(self.cls)

    @property
    def arguments(self) -> Arguments:
        """Of the constructor and of the method."""
        own, of_method = self.constructor, self.signature.arguments
        return Arguments((*own.slots, *of_method.slots), {**own.fixed, **of_method.fixed})

    @property
    def trials(self) -> Sequence[Object]:
        """One: it makes its state itself."""
        return [self]

    def with_arguments(self, arguments: Arguments) -> Object:
        """With other arguments of the constructor and the method."""
        names = set(self.signature.arguments.fixed) | {slot.argument for slot in self.signature.arguments.slots}
        own, of_method = (
            Arguments(
                tuple(slot for slot in arguments.slots if (slot.argument in names) is is_method),
                {name: value for name, value in arguments.fixed.items() if (name in names) is is_method},
            )
            for is_method in (False, True)
        )
        return replace(self, constructor=own, signature=replace(self.signature, arguments=of_method))

    def seen(self, model: Any, gradients: Any) -> Object:
        """With the attributes that are found to change in steps on plain numbers.

        Raises
        ------
        UnsupportedError: something changes that is neither number nor array.
        """
        values = {hyper.name: float(hyper.default) for hyper in self.arguments.hypers}
        made = self._made(self.arguments.filled(values), model)
        changing: dict[str, None] = {}
        before = _snapshot(made)
        for t in range(1, STEPS + 1):
            model, _ = self._stepped(made, self.arguments.filled(values), model, gradients, t)
            after = _snapshot(made)
            for name, value in after.items():
                if not _are_same(before.get(name, {}), value):
                    changing[name] = None
                    if t > 1:  # what is made in the first step is there from then on
                        _check_is_number(f"{self.title}: self.{name}", before.get(name, {}), value)
            before = after
        own = {name for name, value in vars(made).items() if self.is_model_given and _holds(value, model)}
        return replace(self, changing=tuple(name for name in changing if name not in own))

    def start(self, values: Values, model: Any, container: Container) -> dict[str, Any]:
        """The attributes as the constructor leaves them."""
        return self._state(self._made(values, model))

    def step(self, values: Values, model: Any, gradients: Any, state: Any, t: Any) -> tuple[Any, Any]:
        """The parameters that the method returns or has changed, and the attributes."""
        made = self._made(values, model)
        vars(made).update(state)
        kept = {
            name: _identities(value) for name, value in vars(made).items()
            if name not in self.changing and not _holds(value, model)
        }  # fmt: skip
        new, made = self._stepped(made, values, model, gradients, t)
        for name, value in kept.items():
            if _identities(vars(made)[name]) != value:
                raise UnsupportedError(f"self.{name} changes in a step and was not found to be a state")
        return new, self._state(made)

    def run(self, values: Values, model: Any, gradients: Sequence[Any], container: Container) -> Iterator[Any]:
        """The parameters after each step of one object."""
        made = self._made(values, model)
        for t, gradient in enumerate(gradients, 1):
            model, _ = self._stepped(made, values, model, gradient, t)
            yield model

    def _made(self, values: Values, model: Any) -> Any:
        names = {*self.constructor.fixed, *(slot.argument for slot in self.constructor.slots)}
        given = {name: value for name, value in values.items() if name in names}
        return self.cls(model, **given) if self.is_model_given else self.cls(**given)

    def _stepped(self, made: Any, values: Values, model: Any, gradients: Any, t: Any) -> tuple[Any, Any]:
        of_method = self.signature.arguments
        names = {*of_method.fixed, *(slot.argument for slot in of_method.slots)}
        keywords = {name: value for name, value in values.items() if name in names}
        if self.signature.counter is not None:
            keywords[self.signature.counter] = t
        given = (gradients,) if self.is_model_given else self.signature.ordered(model, gradients)
        result = getattr(made, self.method)(*given, **keywords)
        return (model if result is None else result), made

    def _state(self, made: Any) -> dict[str, Any]:
        return {name: vars(made)[name] for name in self.changing if name in vars(made)}


def _snapshot(made: Any) -> dict[str, dict[Path, Any]]:
    """The leaves of every attribute of an object, as they are now."""
    found = {name: dict(leaves(value)) for name, value in vars(made).items()}
    return {
        name: {path: np.array(leaf) if is_numeric(leaf) else leaf for path, leaf in held.items()}
        for name, held in found.items()
    }  # fmt: skip


def _are_same(before: Mapping[Path, Any], after: Mapping[Path, Any]) -> bool:
    return before.keys() == after.keys() and all(_are_equal(before[path], leaf) for path, leaf in after.items())


def _are_equal(a: Any, b: Any) -> bool:
    if is_numeric(a) and is_numeric(b):
        return np.array_equal(a, b, equal_nan=True)
    return a is b or (isinstance(a, str | bool) and type(a) is type(b) and a == b)


def _check_is_number(where: str, before: Mapping[Path, Any], after: Mapping[Path, Any]) -> None:
    """Refuse what changes in a later step and is no number or array."""
    if before.keys() != after.keys():
        raise UnsupportedError(f"{where} grows or shrinks from step to step")
    if any(not _are_equal(before[path], leaf) and not is_numeric(leaf) for path, leaf in after.items()):
        raise UnsupportedError(f"{where} changes from step to step and is no number")


def _holds(value: Any, model: Any) -> bool:
    """Whether an attribute is the parameters themselves."""
    own = {id(leaf) for _, leaf in leaves(model)}
    held = [id(leaf) for _, leaf in leaves(value)]
    return bool(held) and set(held) <= own


def _identities(value: Any) -> list[Any]:
    """What tells whether an attribute is still the same: what its leaves stand for."""
    return [_identity(leaf) for _, leaf in leaves(value)]


def _identity(leaf: Any) -> Any:
    if isinstance(leaf, SymArray):
        return leaf.whole.node
    if isinstance(leaf, SymFloat | SymInt):
        return leaf.node
    return repr(leaf) if is_numeric(leaf) or isinstance(leaf, str | bool) else id(leaf)
