"""A proved relation between two optimizers, applied to numbers: the right's states and hyper-parameters.

What a verdict says as text is read again and evaluated in double precision. What is merely renamed is passed on as it
is, every digit of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.ir.evaluate import evaluate
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Ref, ref, refs
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lift.confirm import FloatArithmetic
from symopt.prove.lookahead import ALWAYS
from symopt.prove.verdict import Verdict
from symopt.targets.checkpoint import Array, NotConvertibleError, Tensor
from symopt.targets.pairing import Renamed

RELATIONS = re.compile(r"\s+(<=|>=|!=|=|<|>)\s+")
HOLDS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<=": np.less_equal, ">=": np.greater_equal, "<": np.less, ">": np.greater, "!=": np.not_equal,
    "=": lambda a, b: np.isclose(a, b, rtol=1e-12, atol=0),
}  # fmt: skip
# More steps than these are not taken to find a number that every step changes.
MOST_STEPS = 10_000_000
Hypers = Mapping[str, float]


@dataclass(frozen=True)
class Applied:
    """A relation between a left and a right trace, as a verdict states it.

    ``settled`` is the right in the left's names, in which conditions are written.
    """

    verdict: Verdict
    left: Trace
    right: Trace
    settled: Renamed | None

    def hypers(self, values: Hypers, t: int | None) -> dict[str, float]:
        """The right's hyper-parameters, from the left's; where they change from step to step, those of step ``t``.

        Raises
        ------
        NotConvertibleError: the map cannot be evaluated.
        """
        return {hyper.name: self._hyper(hyper.name, float(hyper.default), values, t) for hyper in self.right.hypers}

    def changing(self) -> dict[str, str]:
        """The right's hyper-parameters that the relation changes from step to step, with their expressions."""
        return {
            name: text for name, text in (self.verdict.hyper_map or {}).items()
            if name in self._own and STEP in refs(self._read(text, name) or ref(name))
        }  # fmt: skip

    def states(self, tensor: Tensor, values: Hypers, own: Hypers) -> dict[str, Array]:
        """The right's states of one parameter, after the steps that it has taken.

        Raises
        ------
        NotConvertibleError: nothing is known of a state, or what is known needs what the checkpoint has not.
        """
        found = {}
        for state in self.right.states:
            text = (self.verdict.state_map or {}).get(state.name)
            if text is None:
                found[state.name] = self._replayed(state.name, tensor, own)
                continue
            node = read(text, (*self.names, *(item.name for item in self.left.states), PARAMETER))
            if node is None:
                raise NotConvertibleError(f"state {state.name} = {text} cannot be evaluated")
            found[state.name] = self._state(state.name, node, tensor, values)
        return found

    def lasting(self, values: Hypers, tensor: Tensor) -> list[str]:
        """The conditions that must hold from here on.

        Raises
        ------
        NotConvertibleError: a condition does not hold.
        """
        known: dict[str, Any] = {**values, **tensor.states}
        known |= {} if tensor.steps is None else {STEP: tensor.steps + 1}
        left = []
        for text in dict.fromkeys((*self.verdict.conditions, *self.verdict.assumptions)):
            if text.endswith(ALWAYS):
                left.append(text)
            elif self._holds(text, known) is False:
                said = ", ".join(f"{name} = {value:g}" for name, value in values.items() if name in text)
                raise NotConvertibleError(
                    f"{self.verdict.left} and {self.verdict.right} are the same only where {text}, and the checkpoint "
                    f"has {said or 'another value'}"
                )
        return left

    @property
    def names(self) -> tuple[str, ...]:
        """The names that maps are written in: the left's hyper-parameters and ``t``."""
        return (*(hyper.name for hyper in self.left.hypers), STEP)

    @cached_property
    def _forced(self) -> dict[str, Fraction]:
        """The names that conditions fix at a number."""
        return dict(filter(None, map(_equation, (*self.verdict.conditions, *self.verdict.assumptions))))

    @property
    def _own(self) -> list[str]:
        return [hyper.name for hyper in self.right.hypers]

    def _read(self, text: str, name: str) -> Node | None:
        node = read(text, self.names)
        if node is None and not text.isidentifier():
            raise NotConvertibleError(f"{name} = {text} cannot be evaluated")
        return node

    def _hyper(self, name: str, default: float, values: Hypers, t: int | None) -> float:
        text = (self.verdict.hyper_map or {}).get(name, name)
        mine = {hyper.name for hyper in self.left.hypers}
        settled = {own: new for new, own in (self.settled.names if self.settled else {}).items()}.get(name, name)
        if text not in mine:
            for key in (settled, name):
                if key in self._forced and key not in mine:
                    return float(self._forced[key])
        node = self._read(text, name)
        if node is None:  # of no effect where the two are the same
            return default
        if isinstance(node, Ref) and node.name in values:
            return values[node.name]
        if STEP in refs(node) and t is None:
            raise NotConvertibleError(
                f"{name} = {text}, and the checkpoint holds no number of steps: give it by --steps"
            )
        return float(_evaluated(node, {**values, STEP: t}))

    def _state(self, name: str, node: Node, tensor: Tensor, values: Hypers) -> Array:
        if isinstance(node, Ref) and node.name in tensor.states:
            return tensor.states[node.name]
        known: dict[str, Any] = {**values, **tensor.states, PARAMETER: tensor.values, STEP: tensor.steps}
        for read_name, what in (
            (STEP, "number of steps: give it by --steps"),
            (PARAMETER, "parameters: --params FILE"),
        ):
            if read_name in refs(node) and known[read_name] is None:
                raise NotConvertibleError(f"state {name} is made from what the checkpoint does not hold, the {what}")
        value = np.asarray(_evaluated(node, known))
        return np.broadcast_to(value, tensor.shape or ()).astype(tensor.dtype)

    def _replayed(self, name: str, tensor: Tensor, own: Hypers) -> Array:
        """A state that no gradient enters: it is computed anew, step by step."""
        step = self.right.step()
        needed, waiting = {name}, [name]
        while waiting:
            read_names = [item for item in refs(step[waiting.pop()]) if item not in own and item != STEP]
            unknown = [item for item in read_names if item not in step or item == PARAMETER]
            if unknown:
                raise NotConvertibleError(
                    f"{self.verdict.left} and {self.verdict.right} have the same parameters at every step, but nothing "
                    f"is known of the state {name} of {self.verdict.right}"
                )
            waiting += [item for item in read_names if item not in needed]
            needed.update(read_names)
        if tensor.steps is None or tensor.steps > MOST_STEPS:
            raise NotConvertibleError(f"state {name} is made from the number of steps: give it by --steps")
        infos = {state.name: state.init for state in self.right.states if state.name in needed}
        values: dict[str, Any] = {key: _evaluated(node, own) for key, node in infos.items()}
        for t in range(1, tensor.steps + 1):
            values = {key: _evaluated(step[key], {**own, **values, STEP: t}) for key in infos}
        return np.asarray(values[name], dtype=np.float64)

    def _holds(self, text: str, known: Mapping[str, Any]) -> bool | None:
        """Whether a condition holds; None where it is none on what is known."""
        pieces = RELATIONS.split(text)
        nodes = [read(piece, tuple(known)) for piece in pieces[::2]]
        if len(nodes) < 2 or any(node is None or (STEP in refs(node) and STEP not in known) for node in nodes):
            return None
        values = [_evaluated(node, known) for node in nodes if node is not None]
        signs = zip(pieces[1::2], values, values[1:], strict=False)
        return all(bool(np.all(HOLDS[sign](a, b))) for sign, a, b in signs)


def _equation(text: str) -> tuple[str, Fraction] | None:
    """``name = value`` of a condition; None where it is something else."""
    name, equals, value = text.partition(" = ")
    try:
        return (name, Fraction(value)) if equals and name.isidentifier() else None
    except ValueError:
        return None


def read(text: str, names: Sequence[str]) -> Node | None:
    """An expression over some names; None where it is none."""
    try:
        return read_expression(text, tuple(names))
    except UsageError:
        return None


def _evaluated(node: Node, values: Mapping[str, Any]) -> Any:
    known = {name: np.asarray(value, dtype=np.float64) for name, value in values.items() if value is not None}
    with np.errstate(all="ignore"):
        return evaluate([node], known, FloatArithmetic())[0]
