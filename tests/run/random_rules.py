"""Random rules: statements thrown together, for what must hold of every rule."""

from __future__ import annotations

import random

from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, Shape, shape_of
from symopt.ir.trace import HyperInfo, Let, Query, StateInfo, Trace
from symopt.lang import NonNegative

SHAPES = (SCALAR, ELEMENT, PER_ROW, PER_COL)


def random_trace(seed: int) -> Trace:
    """A random rule over numbers, rows, columns, matrices and, in every third, the whole model."""
    return _Dice(seed).trace()


class _Dice:
    """A rule that is thrown together, statement by statement."""

    def __init__(self, seed: int) -> None:
        self.random, self.seed = random.Random(seed), seed
        self.has_axes, self.over_model = seed % 2 == 1, seed % 3 == 2
        self.shapes: dict[str, Shape] = {"lr": SCALAR, "t": SCALAR, "p": ELEMENT, "g": ELEMENT}
        allowed = SHAPES if self.has_axes else (SCALAR, ELEMENT)
        self.states = {f"s{number}": self.random.choice(allowed) for number in range(self.random.randint(0, 3))}
        self.shapes |= self.states
        self.lets: list[Let] = []

    def trace(self) -> Trace:
        for _ in range(self.random.randint(4, 12)):
            self.add(self.value())
        results = {name: self.add(self.fitted(name)) for name in ("p", *self.states)}
        states = tuple(
            StateInfo(name, ref("p") if shape == ELEMENT and self.random.random() < 0.3 else num(1), name)
            for name, shape in self.states.items()
        )
        title = f"random_{self.seed}"
        hypers = (HyperInfo("lr", num(1).value / 4, "lr", NonNegative),)
        return Trace(title, title, hypers, states, (Query("g", ref("p")),), tuple(self.lets), results)

    def add(self, value: Node) -> str:
        name = f"x{len(self.lets)}"
        self.lets.append(Let(name, value, name))
        self.shapes[name] = shape_of(value, self.shapes)
        return name

    def name(self, *shapes: Shape) -> Node:
        return ref(self.random.choice([n for n, shape in self.shapes.items() if not shapes or shape in shapes]))

    def value(self) -> Node:
        """A new value, which lies between -1 and 1."""
        kind = self.random.choice(["op", "op", "op", "reduce", "reduce", "matrix", "choice", "turn"])
        a, b = self.name(), self.name()
        found: Node = op(self.random.choice(["add", "sub", "mul", "max", "min"]), a, b)
        if kind == "reduce":
            found = op("add", self.reduction(), op("mul", num(2), a))
        elif kind == "matrix" and self.has_axes:
            found = self.matrix()
        elif kind == "turn":
            chosen = self.matrix() if self.has_axes else a
            found = op("where", op("lt", ref("t"), num(self.random.randint(2, 6))), chosen, b)
        elif kind == "choice":
            found = op("where", op("lt", a, b), self.name(), op("sqrt", op("abs", a)))
        return op("div", found, op("add", num(1), op("abs", found)))

    def reduction(self) -> Node:
        inner = self.name(*(shape for shape in dict.fromkeys(self.shapes.values()) if not shape.is_scalar))
        inner = op("mul", inner, self.name(SCALAR, *(s for s in (shape_of(inner, self.shapes),))))
        if self.over_model and self.random.random() < 0.4:
            return reduce("model_sum", inner)
        which = self.random.choice(["sum", "mean", "amax", "amin"])
        axis = self.random.choice([None, 0, 1]) if self.has_axes and shape_of(inner, self.shapes) == ELEMENT else None
        return reduce(which, inner, axis)

    def matrix(self) -> Node:
        x, y = self.name(ELEMENT), self.name(ELEMENT)
        square = matop("matmul", x, matop("transpose", y))
        return self.random.choice(
            [
                matop("matmul", square, x),
                matop("matmul", op("div", square, op("add", num(1), op("abs", square))), y),
                matop("unwide", matop("wide", x), ref("p")),
                matop("transpose", matop("matmul", matop("transpose", x), square)),
            ]
        )

    def fitted(self, name: str) -> Node:
        """A value of the shape of an array or of a state, whatever the states' shapes are found to be."""
        shape, g = self.shapes[name], ref("g")
        own = {SCALAR: ref("lr"), ELEMENT: g, PER_ROW: reduce("mean", g, 1), PER_COL: reduce("mean", g, 0)}[shape]
        moved = op("mul", ref("lr"), op("add", ref(name), own))
        return op("add", moved, self.name(shape))
