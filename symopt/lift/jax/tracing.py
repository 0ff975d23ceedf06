"""Expressions for all that a step of a program changes, from one set of shadows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, ref
from symopt.ir.trace import GRADIENT, LOSS, PARAMETER, STEP
from symopt.lift.arguments import Arguments, is_number
from symopt.lift.frames import where_it_happened
from symopt.lift.jax.interpret import Interpreter
from symopt.lift.jax.program import Program
from symopt.lift.jax.states import FIRST, SECOND, Leaf, names_of, settled
from symopt.lift.jax.tables import Table, Value
from symopt.lift.paths import Merged, Path, explored
from symopt.lift.scalars import patched_math, symbolic
from symopt.lift.session import Session, active
from symopt.lift.together import OTHER
from symopt.lift.whole import filled, parameter_like
from symopt.run.frameworks import framework

INITIAL = "initial "  # before the name of a state: what it is before the first step
COUNT = 3  # the shadow of a counter, less the seed


class Tracing:
    """Runs of a program on the shadows of one seed, along all of its paths.

    Where ``are_numbers_arrays``, numbers of the state are handed to the code as arrays of one element; where
    ``is_pair``, the model has two tensors of the shape.
    """

    def __init__(
        self, program: Program, arguments: Arguments, title: str, shape: tuple[int, ...], seed: int,
        are_numbers_arrays: bool, package: str | None, is_pair: bool = False,
    ) -> None:  # fmt: skip
        self._program, self._arguments, self._title, self._package = program, arguments, title, package
        self._shape, self._seed, self._are_numbers_arrays = shape, seed, are_numbers_arrays
        self._marks = ("", OTHER) if is_pair else ("",)
        self._leaves: list[Leaf] = []
        self._casts: dict[str, None] = {}
        self._assumed: dict[str, None] = {}
        self.merged: Merged = explored(self._path, [hyper.name for hyper in arguments.hypers])

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves of the state."""
        return tuple(self._leaves)

    @property
    def casts(self) -> tuple[str, ...]:
        """Conversions of types that were seen."""
        return tuple(self._casts)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was assumed of numbers."""
        return tuple(self._assumed)

    def _path(self, forced: Sequence[bool]) -> Path:
        """One way through the start and a step."""
        matrix = (self._shape[0], self._shape[1]) if len(self._shape) == 2 else None
        session = Session(self._seed, forced, matrix=matrix)
        modules = patched_math(self._package)
        with framework("jax").enable_x64(True), active(session), modules, where_it_happened(self._title):
            arguments = self._arguments.symbolic(session)
            initial, tree = self._started(session, arguments)
            outcome = self._stepped(session, arguments, tree)
        self._casts |= session.casts
        self._assumed |= session.assumptions
        return Path(tuple(session.decisions), {**outcome, **initial})

    def _started(self, session: Session, arguments: Mapping[str, Any]) -> tuple[dict[str, Node], Any]:
        """The initial values of the state's leaves, and the tree that these are in."""
        result = _Result(
            session, lambda *p: self._program.start(arguments, _model(p)), self._named(PARAMETER), self._examples()
        )
        names = names_of(result.paths, self._arguments.paths)
        keystr = framework("jax").tree_util.keystr
        self._leaves = [
            Leaf(
                name,
                f"state{keystr(path)}",
                shape,
                dtype,
                is_plain and not self._are_numbers_arrays,
                value if isinstance(value, Table) else None,
            )
            for name, path, (shape, dtype, is_plain), value in zip(
                names, result.paths, result.kinds, result.values, strict=True
            )
        ]
        initial = {
            f"{INITIAL}{leaf.name}": settled(value, leaf.general(self._shape))
            for leaf, value in zip(self._leaves, result.values, strict=True)
        }
        return initial, result.tree

    def _stepped(self, session: Session, arguments: Mapping[str, Any], tree: Any) -> dict[str, Node]:
        """The new values after a step from a general state."""
        numpy = framework("jax").numpy
        arrays = [leaf for leaf in self._leaves if not leaf.is_number]
        numbers = {leaf.name: self._number(leaf, session) for leaf in self._leaves if leaf.is_number}
        count = symbolic(COUNT + self._seed, ref(STEP))

        def step(loss: Any, t: Any, *given: Any) -> tuple[Any, Any]:
            rest = iter(given)
            p, g = (_model([next(rest) for _ in self._marks]) for _ in range(2))
            leaves = [numbers[leaf.name] if leaf.is_number else next(rest) for leaf in self._leaves]
            state = framework("jax").tree_util.tree_unflatten(tree, leaves)
            return self._program.step(arguments, p, g, state, t if self._are_numbers_arrays else count, loss)

        examples = [
            numpy.ones(()), numpy.ones((), dtype=int), *self._examples(), *self._examples(),
            *(numpy.ones(leaf.shape, leaf.dtype) for leaf in arrays),
        ]  # fmt: skip
        inputs: list[Value] = [
            filled(ref(LOSS), ()), filled(ref(STEP), ()), *self._named(PARAMETER), *self._named(GRADIENT),
            *(leaf.general(self._shape) for leaf in arrays),
        ]  # fmt: skip
        result = _Result(session, step, inputs, examples)
        after = [framework("jax").tree_util.keystr(path[1:]) for path in result.paths[len(self._marks) :]]
        if [f"state{path}" for path in after] != [leaf.path for leaf in self._leaves]:
            raise UnsupportedError("a step gives another state than the one that it starts from")
        likes = [*self._named(PARAMETER), *(leaf.general(self._shape) for leaf in self._leaves)]
        nodes = [settled(value, like) for value, like in zip(result.values, likes, strict=True)]
        names = [*(PARAMETER + mark for mark in self._marks), *(leaf.name for leaf in self._leaves)]
        return dict(zip(names, nodes, strict=True))

    def _named(self, name: str) -> list[Value]:
        """An array of the shape for each tensor."""
        return [parameter_like(ref(name + mark), self._shape) for mark in self._marks]

    def _examples(self) -> list[Any]:
        return [framework("jax").numpy.ones(self._shape) for _ in self._marks]

    def _number(self, leaf: Leaf, session: Session) -> Any:
        """A plain number of the state, before a general step."""
        shadow = COUNT + self._seed if leaf.kind == "i" else session.random.uniform(0.3, 0.9)
        return symbolic(shadow, ref(leaf.name))


def _model(tensors: Sequence[Any]) -> Any:
    """One tensor as it is; two as a tree."""
    return tensors[0] if len(tensors) == 1 else dict(zip((FIRST, SECOND), tensors, strict=True))


class _Result:
    """What a function gives: the paths of its leaves, their kinds, the tree, and their values as expressions."""

    def __init__(
        self, session: Session, function: Callable[..., Any], inputs: Sequence[Value], examples: Sequence[Any]
    ) -> None:
        jax = framework("jax")
        self.paths: list[tuple[Any, ...]] = []
        self.kinds: list[tuple[tuple[int, ...], Any, bool]] = []
        self.tree: Any = None
        numbers: dict[int, Node] = {}

        def flat(*arrays: Any) -> list[Any]:
            found, self.tree = jax.tree_util.tree_flatten_with_path(function(*arrays))
            self.paths = [path for path, _ in found]
            kept = []
            for position, (_, leaf) in enumerate(found):
                is_plain = is_number(leaf)
                if is_plain:
                    self.kinds.append(((), np.dtype(int if isinstance(leaf, int) else float), True))
                    numbers[position] = session.number(leaf)
                else:
                    self.kinds.append((jax.numpy.shape(leaf), jax.numpy.result_type(leaf), False))
                    kept.append(leaf)
            return kept

        arrays = iter(Interpreter(session).run(jax.make_jaxpr(flat)(*examples), inputs))
        self.values = [
            filled(numbers[position], ()) if position in numbers else next(arrays)
            for position in range(len(self.paths))
        ]
