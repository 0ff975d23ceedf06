"""One symbolic execution: what numbers stand for, which way branches went, and what was noticed on the way.

Code is run on *shadows*: real numbers with long random digits, each of which stands for an expression. Where a
number has lost its expression on the way, as in a library written in C, the expression is found again by the
value. That can miss and it can mistake, so every lifting is done twice with different shadows, and the two results
must be the same graph.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Ref
from symopt.passes.build import constant, negated
from symopt.passes.fold import FALSE, TRUE

# A number with fewer characters may well be written in the source, so it is never taken for a shadow.
SHORTEST = 9


@dataclass(frozen=True)
class Decision:
    """A branch on the path: the condition, and whether it was taken to hold."""

    condition: Node
    holds: bool

    @property
    def fact(self) -> Node:
        """What is known on this path from here on."""
        return self.condition if self.holds else negated(self.condition)


@dataclass
class Session:
    """What one symbolic execution knows.

    ``forced`` are the ways that the first branches are made to go; the rest go as the shadows say.
    ``facts`` are conditions that hold, whatever the shadows say.
    ``matrix`` is the parameter's shape where it is a matrix: rows, columns.
    """

    seed: int = 1
    forced: Sequence[bool] = ()
    facts: frozenset[Node] = frozenset()
    matrix: tuple[int, int] | None = None
    decisions: list[Decision] = field(default_factory=list)
    casts: dict[str, None] = field(default_factory=dict)
    operations: dict[str, None] = field(default_factory=dict)
    assumptions: dict[str, None] = field(default_factory=dict)
    is_recording: bool = True
    _table: dict[float, Node] = field(default_factory=dict)
    _local: list[dict[float, Node]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def note(self, shadow: float, node: Node) -> None:
        """Remember what a shadow stands for, in double precision and rounded to single."""
        if shadow != shadow or isinstance(node, Num):
            return
        for value in (shadow, _single(shadow)):
            if value is not None and len(repr(value)) > SHORTEST:
                self._table.setdefault(value, node)

    @contextmanager
    def meaning(self, local: dict[float, Node]) -> Iterator[None]:
        """What numbers mean inside the block, short ones too: the arguments of one call."""
        self._local.append(local)
        try:
            yield
        finally:
            self._local.pop()

    def number(self, value: object) -> Node:
        """A number that the code computes with as an expression: its own, that of its shadow, or the constant."""
        own = getattr(value, "node", None)
        if isinstance(own, Node):
            return own
        if isinstance(value, bool):
            return TRUE if value else FALSE
        if isinstance(value, int | float):
            for local in reversed(self._local):
                if value in local:
                    return local[value]
            if isinstance(value, float) and value in self._table:
                return self._table[value]
        return constant(value)

    @property
    def shadows(self) -> dict[str, float]:
        """The shadows of inputs that are numbers, by name, as far as they are known."""
        found: dict[str, float] = {}
        for value, node in self._table.items():
            if isinstance(node, Ref):
                found.setdefault(node.name, value)
        return found

    def is_known(self, value: object) -> bool:
        """Whether a plain number is the shadow of an expression."""
        return value in self._table or any(value in local for local in self._local)

    def branch(self, condition: Node, shadow: bool) -> bool:
        """Which way a branch goes; recorded, unless it is decided already."""
        if condition is TRUE or condition is FALSE:
            return condition is TRUE
        if not self.is_recording:
            return shadow
        if condition in self.facts or negated(condition) in self.facts:
            return condition in self.facts
        for decision in self.decisions:
            if decision.condition is condition:
                return decision.holds
            if decision.condition is negated(condition):
                return not decision.holds
        position = len(self.decisions)
        holds = self.forced[position] if position < len(self.forced) else shadow
        self.decisions.append(Decision(condition, holds))
        return holds

    def near(self, default: float) -> float:
        """A shadow near a default: of its sign, on its side of 1, and with long digits."""
        u = self.random.uniform(0.02, 0.2)
        if default == 0:
            return u
        size = abs(default)
        if size >= 1 or 1e-3 <= size < 0.3:
            size *= 1 + u
        elif size >= 0.3:
            size *= 1 - u
        else:
            size = self.random.uniform(0.011, 0.09)
        return size if default > 0 else -size


_active: list[Session] = []


@contextmanager
def active(session: Session) -> Iterator[Session]:
    """Make a session the current one inside the block."""
    _active.append(session)
    try:
        yield session
    finally:
        _active.pop()


def current() -> Session:
    """The session that code is being executed in."""
    if not _active:
        raise UnsupportedError("a symbolic number is used outside the execution that it belongs to")
    return _active[-1]


def _single(value: float) -> float | None:
    """A value rounded to single precision; None where it overflows."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return None
