"""The maps and conditions of a verdict, read from its text: a verdict is judged by what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, refs
from tests.never_wrong.mp import apply
from tests.never_wrong.oracle import Model, value

COMPARISON = re.compile(r"(?P<left>.+?) (?P<how>!=|>=|<=|>|<|=) (?P<right>.+)\Z")
TRUTH: dict[str, Callable[[Any, Any], Any]] = {
    "!=": lambda a, b: not apply("eq", a, b), "=": lambda a, b: apply("eq", a, b),
    ">=": lambda a, b: apply("le", b, a), "<=": lambda a, b: apply("le", a, b),
    ">": lambda a, b: apply("lt", b, a), "<": lambda a, b: apply("lt", a, b),
}  # fmt: skip


class Comparison:
    """``a != b`` and the like, for every element; or that it is not so."""

    def __init__(self, text: str, names: tuple[str, ...], *, is_so: bool = True) -> None:
        self.is_so = is_so
        match = COMPARISON.match(text)
        if match is None:
            raise UsageError(f"{text!r} is no comparison")
        self.sides: list[Node] = [read_expression(match[side], names) for side in ("left", "right")]
        self.how = match["how"]
        self.reads = {*refs(*self.sides)}

    def each(self, values: Mapping[str, Model], tensors: int) -> list[Any]:
        """Whether it holds, for every element of every tensor; what is undefined does not."""
        a, b = (value(side, values, tensors) for side in self.sides)
        pairs = zip(a, b, strict=True) if tensors else [(a, b)]
        holds: Any = np.frompyfunc(self._holds, 2, 1)
        return [holds(x, y) for x, y in pairs]

    def _holds(self, a: Any, b: Any) -> Any:
        return (a is not None and b is not None and bool(TRUTH[self.how](a, b))) == self.is_so


class Conditions:
    """What a verdict asks of hyper-parameters and of values before a step.

    One that reads a state is about the steps after the first, before which states have their initial values.
    """

    def __init__(self, texts: Sequence[str], names: tuple[str, ...], states: Collection[str]) -> None:
        self.states = {*states}
        self.needed: list[Comparison] = []
        self.excluded: list[list[Comparison]] = []
        self.unread: list[str] = []
        for text in texts:
            try:
                self._read(text, names)
            except UsageError:
                self.unread.append(text)

    def _read(self, text: str, names: tuple[str, ...]) -> None:
        if text.endswith(" is the same at every step"):
            return  # so they are in every run
        if text.startswith("not (") and text.endswith(")"):
            self.excluded.append([Comparison(part, names) for part in text[5:-1].split(" and ")])
            return
        needed, _, case = text.partition(" where ")
        if case:  # needed in one case: the case with its opposite is excluded
            opposite = Comparison(needed, names, is_so=False)
            self.excluded.append([opposite, *(Comparison(part, names) for part in case.split(" and "))])
        else:
            self.needed.append(Comparison(needed, names))

    def hold(self, values: Mapping[str, Model], tensors: int, t: int) -> bool:
        """Whether step ``t`` from these values is among those that the verdict is about."""
        for condition in self.needed:
            if self._counts([condition], t) and not all(np.all(each) for each in condition.each(values, tensors)):
                return False
        for parts in self.excluded:
            if self._counts(parts, t):
                found = [part.each(values, tensors) for part in parts]
                if any(np.any(reduce(np.logical_and, each)) for each in zip(*found, strict=True)):
                    return False
        return True

    def _counts(self, parts: Sequence[Comparison], t: int) -> bool:
        return t > 1 or not any(part.reads & self.states for part in parts)
