"""Expressions for all that a step of a NumPy program changes, from one set of shadows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, ref
from symopt.ir.shape import ELEMENT, Shape
from symopt.ir.trace import GRADIENT, PARAMETER, STEP
from symopt.lift.frames import where_it_happened
from symopt.lift.means import shape_of, with_means
from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.numpy.containers import Container
from symopt.lift.numpy.names import NUMBER, is_numeric, kind_of, kinds_of, named, numeric_paths
from symopt.lift.numpy.program import Program
from symopt.lift.numpy.vocabulary import replacements
from symopt.lift.paths import Merged, Path, explored
from symopt.lift.scalars import patched_math, plain, symbolic
from symopt.lift.session import Session, active
from symopt.lift.together import OTHER
from symopt.lift.tree import Path as Keys
from symopt.lift.tree import leaves, mapped
from symopt.lift.whole import Whole, parameter_like, scalar, shaped

COUNT = 5  # the shadow of a counter is this and the seed
# A state for a session, hyper-parameters and parameters.
State = Callable[..., Any]


@dataclass(frozen=True)
class Traced:
    """What a step comes to: from a general state, and from the first one where the code makes its state there.

    ``checked`` are facts of what is done before the first step; ``paths`` say where each state is kept.
    """

    general: Mapping[str, Node]
    initial: Mapping[str, Node | None]
    first: Mapping[str, Node] | None
    assumptions: tuple[Node, ...]
    checked: tuple[Node, ...]
    casts: tuple[str, ...]
    paths: Mapping[Keys, str]


class Tracing:
    """Runs of a program on arrays of one shape, on the shadows of one seed.

    ``alone`` are the paths of the states of a model of one array, where the model has two.
    """

    def __init__(
        self, program: Program, title: str, container: Container, shape: tuple[int, ...], seed: int,
        alone: Collection[Keys] | None = None,
    ) -> None:  # fmt: skip
        self._program, self._title, self._container = program, title, container
        self._shape, self._seed, self._alone = shape, seed, alone
        self._marks = ("",) if alone is None else ("", OTHER)
        self._replacements = replacements()
        self._hypers = [hyper.name for hyper in program.arguments.hypers]
        self._casts: dict[str, None] = {}
        self._names: dict[Keys, str] = {}
        self._shapes: dict[str, Shape] = {}

    def traced(self) -> Traced:
        """What the program computes.

        Raises
        ------
        UnsupportedError: it does what is not lifted; the message names it, with file and line where known.
        """
        start, checked, example = self._looked_at()
        is_lazy = kinds_of(start) != kinds_of(example)
        paths = numeric_paths(example)
        self._names = named(paths, paths if self._alone is None else self._alone, self._container.keys, self._taken)
        with self._session(()):
            initial = {name: _node_at(start, path) for path, name in self._names.items()}
        initial |= self._tidied({name: node for name, node in initial.items() if node is not None})
        general = self._explored(lambda session, *_: mapped(example, self._general_leaf(session)), kinds_of(example))
        first = self._explored(self._first_state, None) if is_lazy else None
        assumptions = (*general.assumptions, *(first.assumptions if first else ()))
        return Traced(
            general.outcome, initial, first.outcome if first else None, assumptions, checked, tuple(self._casts),
            self._names,
        )  # fmt: skip

    @property
    def _taken(self) -> list[str]:
        return [PARAMETER, GRADIENT, STEP, *self._hypers]

    def _looked_at(self) -> tuple[Any, tuple[Node, ...], Any]:
        """The state before the first step, what was asked before it, and the state after the first step."""
        with self._session(()) as session:
            values, model, gradients = self._inputs(session)
            start = self._program.start(values, model, self._container)
            checked = tuple(decision.fact for decision in session.decisions)
            before = mapped(start, lambda path, leaf: _copied(leaf))
            _, after = self._program.step(values, model, gradients, start, 1)
        return before, checked, after

    def _first_state(self, session: Session, values: Mapping[str, Any], model: Any) -> Any:
        """The state before the first step, of arrays that carry expressions."""
        start = self._program.start(values, model, self._container)
        if not any(isinstance(leaf, np.ndarray) for _, leaf in leaves(start)):
            return start
        return mapped(start, lambda path, leaf: SymArray.of(whole_of(leaf)) if isinstance(leaf, np.ndarray) else leaf)

    def _explored(self, state: State, kinds: Mapping[Keys, Any] | None) -> Merged:
        """All ways through a step from a state; ``kinds`` are those of its leaves, where the step must keep them."""

        def run(forced: Sequence[bool]) -> Path:
            with self._session(forced) as session:
                values, model, gradients = self._inputs(session)
                before = state(session, values, model)
                t = 1 if kinds is None else symbolic(COUNT + self._seed, ref(STEP))
                new, after = self._program.step(values, model, gradients, before, t)
                if kinds is not None and kinds_of(after) != kinds:
                    raise UnsupportedError(f"the state changes its structure: {_changed(kinds, kinds_of(after))}")
                outcome = self._outcome(new, after)
            return Path(tuple(session.decisions), outcome)

        merged = explored(run, self._hypers)
        return Merged(self._tidied(merged.outcome), merged.assumptions)

    def _tidied(self, values: Mapping[str, Node]) -> dict[str, Node]:
        """With means as such."""
        rows, cols = (*self._shape, 1)[:2]
        shapes = self._shapes | {name + mark: ELEMENT for name in (PARAMETER, GRADIENT) for mark in self._marks}
        return dict(zip(values, with_means(list(values.values()), shapes, (rows, cols)), strict=True))

    def _outcome(self, model: Any, state: Any) -> dict[str, Node]:
        arrays = self._container.unpacked(model)
        if len(arrays) != len(self._marks):
            raise UnsupportedError("a step returns another number of arrays than it is given")
        outcome = {
            PARAMETER + mark: _upright(whole_of(array), self._shape).node
            for mark, array in zip(self._marks, arrays, strict=True)
        }
        for path, leaf in leaves(state):
            if path in self._names:
                outcome[self._names[path]] = whole_of(leaf).node
        return outcome

    @contextmanager
    def _session(self, forced: Sequence[bool]) -> Iterator[Session]:
        matrix = (self._shape[0], self._shape[1]) if len(self._shape) == 2 else None
        session = Session(self._seed, forced, matrix=matrix)
        names = patched_math(self._program.package, conversions=True, also=self._replacements)
        with active(session), names, where_it_happened(self._title):
            yield session
        self._casts |= session.casts

    def _inputs(self, session: Session) -> tuple[dict[str, Any], Any, Any]:
        """Hyper-parameters, parameters and gradients."""
        arrays = [
            [SymArray.of(parameter_like(ref(name + mark), self._shape)) for mark in self._marks]
            for name in (PARAMETER, GRADIENT)
        ]
        p, g = (self._container.packed(items) for items in arrays)
        return self._program.arguments.symbolic(session), p, g

    def _general_leaf(self, session: Session) -> Callable[[Keys, Any], Any]:
        """A leaf of the state as a general one of its kind; what is no number as it is."""

        def leaf_of(path: Keys, leaf: Any) -> Any:
            if not is_numeric(leaf):
                return leaf
            name = self._names[path]
            if kind_of(leaf) != NUMBER:
                whole = shaped(ref(name), leaf.shape, session.matrix)
                self._shapes[name] = shape_of(whole)
                return SymArray.of(whole)
            if isinstance(leaf, SymArray | np.ndarray):
                return SymArray.of(scalar(ref(name)))
            is_whole = isinstance(plain(leaf), int)
            return symbolic(COUNT + self._seed if is_whole else session.random.uniform(0.3, 0.9), ref(name))

        return leaf_of


def _node_at(tree: Any, path: Keys) -> Node | None:
    """The expression of a leaf; None where there is none, or it is no number."""
    leaf = dict(leaves(tree)).get(path)
    return whole_of(leaf).node if leaf is not None and is_numeric(leaf) else None


def _copied(leaf: Any) -> Any:
    return leaf.copy() if isinstance(leaf, SymArray | np.ndarray) else leaf


def _upright(array: Whole, shape: tuple[int, ...]) -> Whole:
    """A parameter's new value, whose rows are its rows."""
    labels = parameter_like(array.node, shape).labels
    if array.shape != shape and array.shape != ():
        raise UnsupportedError(f"the parameter of shape {shape} becomes an array of shape {array.shape}")
    if any(label not in (None, wanted) for label, wanted in zip(array.labels, labels, strict=False)):
        raise UnsupportedError("the new value of the parameter is transposed")
    return array


def _changed(before: Mapping[Keys, Any], after: Mapping[Keys, Any]) -> str:
    """The first leaf that is not as it was."""
    keys = next(path for path in (*after, *before) if before.get(path) != after.get(path))
    return ".".join(keys) or "the state"
