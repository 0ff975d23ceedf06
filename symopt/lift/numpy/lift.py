"""Step functions and optimizer classes of NumPy, run on arrays that carry expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node
from symopt.lift.arguments import Arguments, parameters_of
from symopt.lift.assemble import Found, assembled, counts
from symopt.lift.confirm import Array, confirm
from symopt.lift.domains import checked_domains, is_bound
from symopt.lift.frames import where_it_happened
from symopt.lift.guard import guarded
from symopt.lift.lifted import Lifted
from symopt.lift.numpy.containers import CONTAINERS, Container
from symopt.lift.numpy.objects import Object, object_of
from symopt.lift.numpy.program import Function, Program
from symopt.lift.numpy.tracing import Traced, Tracing
from symopt.lift.shapes import VECTOR, WIDE, over_shapes
from symopt.lift.signature import read_signature
from symopt.lift.texts import assumption_texts
from symopt.lift.together import of_one_in_a_model
from symopt.lift.zeros import without_needless

SEEDS = (1, 2)


def lift_numpy(
    function: Callable[..., Any], init: Callable[..., Any] | None, title: str, fixed: Mapping[str, Any]
) -> list[Lifted]:
    """The update rule of a step function, from its state as ``init`` makes it.

    Raises
    ------
    UnsupportedError: the function does something that is not lifted; the message names it, with file and line.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    """
    return _lifted(Function(function, init, read_signature(parameters_of(function), title, fixed)), title)


def lift_numpy_class(cls: type, title: str, fixed: Mapping[str, Any]) -> list[Lifted]:
    """The update rule of a class whose method takes parameters and gradients, and which keeps its state itself.

    Raises
    ------
    UnsupportedError: it does something that is not lifted; the message names it, with file and line.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    """
    return _lifted(object_of(cls, title, fixed), title)


def _lifted(program: Program, title: str) -> list[Lifted]:
    """What a program computes, on parameters in the first container that it runs on."""
    with guarded(title):
        return _in_a_container(program, title)


def _in_a_container(program: Program, title: str) -> list[Lifted]:
    errors: list[UnsupportedError] = []
    for shape in (VECTOR, WIDE):
        for container in CONTAINERS:
            for trial in program.trials:
                lifter = _Lifter(trial, title, container)
                try:
                    lifter.check_runs(shape)
                except UnsupportedError as error:
                    errors.append(error)
                else:
                    return lifter.with_state(shape).lifted()
    if len({str(error) for error in errors}) == 1:
        raise errors[0]
    names = ", nor on ".join(container.name for container in CONTAINERS)
    raise UnsupportedError(f"{errors[0]} (it runs neither on {names})") from errors[0]


@dataclass(frozen=True)
class _Lifter:
    """A program, and the container of its parameters."""

    program: Program
    title: str
    container: Container

    def check_runs(self, shape: tuple[int, ...]) -> None:
        """Refuse a program that does not run on plain numbers in this container, or moves nothing.

        Raises
        ------
        UnsupportedError: so it is.
        """
        p, *gradients = _example(shape)
        with np.errstate(all="ignore"):
            reached = self._run({}, p.copy(), gradients)
        if all(np.array_equal(p, item) for item in reached):
            raise UnsupportedError(f"{self.title} moves no parameter")

    def with_state(self, shape: tuple[int, ...]) -> _Lifter:
        """With what steps on plain numbers show of the state that an object keeps."""
        if not isinstance(self.program, Object):
            return self
        p, gradient, _ = (self.container.packed([item]) for item in _example(shape))
        with where_it_happened(self.title), np.errstate(all="ignore"):
            return replace(self, program=self.program.seen(p, gradient))

    def lifted(self) -> list[Lifted]:
        """The trace for all shapes, or one for each kind of shape."""
        found = over_shapes(self._on_shape)
        return [without_needless(item, self.program.arguments, self._with_arguments) for item in found]

    def _with_arguments(self, arguments: Arguments, shape: tuple[int, ...]) -> Lifted:
        return replace(self, program=self.program.with_arguments(arguments))._on_shape(shape)

    def _on_shape(self, shape: tuple[int, ...]) -> Lifted:
        """The trace for parameters of one shape, confirmed by running the program."""
        alone = self._traced(shape)
        general, first = self._in_a_model(alone, shape)
        own = self.program.arguments
        arguments = checked_domains(own, alone.checked)
        facts = [fact for fact in (*alone.checked, *alone.assumptions) if not is_bound(fact, arguments.hypers)]
        trace = assembled(Found(
            self.title, arguments.hypers, general, alone.initial, first, assumption_texts(facts)
        ))  # fmt: skip
        kept = {state.name for state in trace.states}
        where = {name: ".".join(("state", *path)) for path, name in alone.paths.items()}
        counted = counts(alone.initial, general)
        lifted = Lifted(
            trace, "numpy", hyper_paths=own.paths, casts=alone.casts, fixed=own.fixed,
            state_paths={name: path for name, path in where.items() if name in kept},
            counters={where[name]: start for name, start in counted.items() if name in where and name not in kept},
        )  # fmt: skip
        confirm(lifted, self._run, shape)
        return lifted

    def _traced(self, shape: tuple[int, ...], alone: Traced | None = None) -> Traced:
        """What two sets of shadows agree on; ``alone`` is that for a model of one array, where there are two."""
        paths = None if alone is None else alone.paths
        one, other = (
            Tracing(self.program, self.title, self.container, shape, seed, paths).traced() for seed in SEEDS
        )  # fmt: skip
        if one != other:
            raise UnsupportedError(f"{self.title}: a number of the update is lost on its way through the code")
        return one

    def _in_a_model(
        self, alone: Traced, shape: tuple[int, ...]
    ) -> tuple[Mapping[str, Node], Mapping[str, Node] | None]:
        """The general step and the first one of an array of two, with sums over the model.

        Raises
        ------
        UnsupportedError: they read more of the other than such sums.
        """
        if not self.container.keys:
            return alone.general, alone.first
        pair = self._traced(shape, alone)
        general = of_one_in_a_model(alone.general, pair.general)
        first = None if alone.first is None else of_one_in_a_model(alone.first, pair.first or {})
        if general is None or (alone.first is not None and first is None):
            raise UnsupportedError(f"{self.title}: the update of one array of a model depends on another array of it")
        return general, first

    def _run(self, hypers: Mapping[str, float], p: Array, gradients: Sequence[Array]) -> Sequence[Array]:
        """The parameter after each step of the program itself, on plain numbers."""
        defaults = {hyper.name: float(hyper.default) for hyper in self.program.arguments.hypers}
        values = self.program.arguments.filled({**defaults, **hypers})
        given = [self.container.packed([gradient]) for gradient in gradients]
        with where_it_happened(self.title):
            models = self.program.run(values, self.container.packed([p]), given, self.container)
            return [np.broadcast_to(self.container.unpacked(model)[0], p.shape).copy() for model in models]


def _example(shape: tuple[int, ...]) -> list[Array]:
    """A parameter and two gradients."""
    random = np.random.default_rng(5)
    return [random.uniform(0.5, 2.0, shape) for _ in range(3)]
