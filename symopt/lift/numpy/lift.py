"""A step function of NumPy, run once on arrays that carry expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, ref
from symopt.ir.trace import GRADIENT, PARAMETER, STEP
from symopt.lift.arguments import Arguments
from symopt.lift.assemble import Found, assembled
from symopt.lift.confirm import confirm
from symopt.lift.frames import where_it_happened
from symopt.lift.lifted import Lifted
from symopt.lift.naming import clean
from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.paths import Path, explored
from symopt.lift.scalars import patched_math, symbolic
from symopt.lift.session import Session, active
from symopt.lift.shapes import over_shapes
from symopt.lift.signature import Signature, read_signature
from symopt.lift.texts import assumption_texts
from symopt.lift.tree import leaves, mapped, name_of
from symopt.lift.whole import parameter_like, shaped
from symopt.lift.zeros import without_needless

COUNT = 5  # the shadow of a counter is this and the seed
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
    step = _Step(function, init, title, read_signature(function, title, fixed))
    return [without_needless(item, step.signature.arguments, step.with_arguments) for item in over_shapes(step.lifted)]


@dataclass(frozen=True)
class _Step:
    """A step function and what its arguments are."""

    function: Callable[..., Any]
    init: Callable[..., Any] | None
    title: str
    signature: Signature

    def with_arguments(self, arguments: Arguments, shape: tuple[int, ...]) -> Lifted:
        """The trace with other values of arguments."""
        return replace(self, signature=replace(self.signature, arguments=arguments)).lifted(shape)

    def lifted(self, shape: tuple[int, ...]) -> Lifted:
        """The trace for parameters of one shape, from two sets of shadows."""
        first, second = (self._found(shape, seed) for seed in SEEDS)
        if first.general != second.general or first.initial != second.initial:
            raise UnsupportedError(f"{self.title}: a number of the update is lost on its way through the code")
        lifted = Lifted(
            assembled(first), "numpy", hyper_paths=self.signature.arguments.paths,
            state_paths={name: f"state.{name}" for name in first.initial}, fixed=self.signature.arguments.fixed,
        )  # fmt: skip
        confirm(lifted, self._run, shape)
        return lifted

    def _found(self, shape: tuple[int, ...], seed: int) -> Found:
        arguments = self.signature.arguments
        start, known = self._start(shape, seed)
        general = self._merged(shape, seed, lambda session: mapped(start, _fresh(session)))
        first = None
        if set(general.outcome) - {PARAMETER} != set(known):
            # The state is made in the first step; what a later one does shows from the state that the first has made.
            first = self._merged(shape, seed, lambda session: mapped(start, _as_it_is), at_first=True)
            general = self._merged(shape, seed, lambda session: mapped(first.example, _fresh(session)))
        initial = dict.fromkeys(name for name in general.outcome if name != PARAMETER) | known
        assumptions = (*general.assumptions, *(first.assumptions if first else ()))
        return Found(
            self.title, arguments.hypers, general.outcome, initial, first.outcome if first else None,
            assumption_texts(assumptions),
        )  # fmt: skip

    def _merged(
        self, shape: tuple[int, ...], seed: int, state: Callable[[Session], Any], at_first: bool = False
    ) -> _Outcome:
        """All ways through one step from a state."""
        examples: list[Any] = []

        def run(forced: Sequence[bool]) -> Path:
            session = Session(seed, forced, matrix=shape if len(shape) == 2 else None)
            with active(session), patched_math(), where_it_happened(self.title):
                outcome, new = self._stepped(session, shape, state(session), at_first)
            examples.append(new)
            return Path(tuple(session.decisions), outcome)

        merged = explored(run, [hyper.name for hyper in self.signature.arguments.hypers])
        return _Outcome(merged.outcome, merged.assumptions, examples[0])

    def _start(self, shape: tuple[int, ...], seed: int) -> tuple[Any, dict[str, Node]]:
        """The state before the first step, and its leaves by name."""
        session = Session(seed, matrix=shape if len(shape) == 2 else None)
        with active(session), patched_math(), where_it_happened(self.title):
            start = self._fresh_state(SymArray.of(parameter_like(ref(PARAMETER), shape)))
            return start, {_named(path): whole_of(leaf).node for path, leaf in leaves(start)}

    def _fresh_state(self, p: Any) -> Any:
        if self.init is not None:
            return self.init(p)
        if not self.signature.states or self.signature.is_lazy:
            return None
        zeros = [np.zeros_like(p) for _ in self.signature.states]
        return zeros[0] if len(zeros) == 1 else tuple(zeros)

    def _stepped(
        self, session: Session, shape: tuple[int, ...], state: Any, at_first: bool
    ) -> tuple[dict[str, Node], Any]:
        """The new values after one step from a state, and the new state itself."""
        p = SymArray.of(parameter_like(ref(PARAMETER), shape))
        g = SymArray.of(parameter_like(ref(GRADIENT), shape))
        keywords = self.signature.arguments.symbolic(session)
        if self.signature.counter is not None:
            keywords[self.signature.counter] = 1 if at_first else symbolic(COUNT + session.seed, ref(STEP))
        result = self.function(*self._positional(p, g, state), **keywords)
        new_p, new_state = _result(result, p, state, len(self.signature.states))
        outcome = {PARAMETER: whole_of(new_p).node}
        outcome |= {_named(path): whole_of(leaf).node for path, leaf in leaves(new_state)}
        return outcome, new_state

    def _positional(self, p: Any, g: Any, state: Any) -> list[Any]:
        count = len(self.signature.states)
        states = [] if count == 0 else [state] if count == 1 else list(state)
        return [p, g, *states]

    def _run(self, hypers: Mapping[str, float], p: Any, gradients: Sequence[Any]) -> list[Any]:
        """The function itself, on plain numbers."""
        state, reached = self._fresh_state(p), []
        for t, g in enumerate(gradients, 1):
            keywords = self.signature.arguments.filled(hypers)
            if self.signature.counter is not None:
                keywords[self.signature.counter] = t
            result = self.function(*self._positional(p, g, state), **keywords)
            p, state = _result(result, p, state, len(self.signature.states))
            reached.append(np.array(p))
        return reached


@dataclass(frozen=True)
class _Outcome:
    """What one step comes to on all paths, and a state that it has made."""

    outcome: Mapping[str, Node]
    assumptions: tuple[Node, ...]
    example: Any


def _fresh(session: Session) -> Callable[[tuple[str, ...], Any], Any]:
    """A leaf of the state as a general one of its kind."""

    def leaf_of(path: tuple[str, ...], leaf: Any) -> Any:
        name = ref(_named(path))
        if isinstance(leaf, SymArray | np.ndarray) and leaf.shape != ():
            return SymArray.of(shaped(name, leaf.shape, session.matrix))
        return symbolic(COUNT + session.seed if isinstance(leaf, int) else session.random.uniform(0.3, 0.9), name)

    return leaf_of


def _as_it_is(path: tuple[str, ...], leaf: Any) -> Any:
    return SymArray.of(whole_of(leaf)) if isinstance(leaf, SymArray | np.ndarray) else leaf


def _named(path: tuple[str, ...]) -> str:
    return clean(name_of(path))


def _result(result: Any, p: Any, state: Any, states: int) -> tuple[Any, Any]:
    """What a step returns as parameter and state; where it returns nothing, it has updated them in place."""
    if result is None:
        return p, state
    if not isinstance(result, tuple | list):
        return result, state
    if states == 0:
        return result[0], state
    if len(result) == 2:
        return result[0], result[1]
    if len(result) == states + 1:
        return result[0], tuple(result[1:])
    raise UnsupportedError(f"a step returns {len(result)} values; it returns parameters and state")
