"""Bounds of roundings against exact arithmetic and against Gappa."""

from __future__ import annotations

import operator
import random
import shutil
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from symopt.catalogue import resolve
from symopt.errors import MissingToolError, SpecError, UnsupportedError
from symopt.ir.nodes import Node, Op, Ref, op, ref
from symopt.lang.theorem import RoundingError
from symopt.passes.tracing import trace
from symopt.run.hazards import gappa
from symopt.run.hazards.formats import format_of
from symopt.run.hazards.interval import Interval
from symopt.run.hazards.rounding import bound
from symopt.run.hazards.settle_rounding import settle_rounding

FLOAT32 = format_of("float32")
MOMENTUM = op("sub", ref("p"), op("mul", ref("lr"), op("add", op("mul", ref("mu"), ref("b")), ref("g"))))
RATIO = op("div", ref("m"), op("add", op("sqrt", ref("v")), ref("eps")))
OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "max": max, "min": min,
}  # fmt: skip
RANGES = {"p": (-4, 4), "lr": (0, 0.1), "mu": (0.5, 0.99), "b": (-10, 10), "g": (-1, 1)}


def boxes(ranges: dict[str, tuple[float, float]]) -> dict[str, Interval]:
    return {name: Interval(FLOAT32.round(low), FLOAT32.round(high)) for name, (low, high) in ranges.items()}


def value(node: Node, point: Mapping[str, Any]) -> Any:
    """An expression at a point, in the arithmetic of its values."""
    if isinstance(node, Ref):
        return point[node.name]
    assert isinstance(node, Op)
    return OPERATIONS[node.op](*(value(arg, point) for arg in node.args))


def test_the_published_bound_of_a_step_with_momentum() -> None:
    assert float(bound(FLOAT32, MOMENTUM, boxes(RANGES)).error) < 3.94e-7


def test_the_published_bound_of_the_ratio() -> None:
    """Three roundings: the root, the sum, the quotient."""
    found = bound(FLOAT32, RATIO, boxes({"m": (1e-6, 1), "v": (1e-6, 1), "eps": (1e-8, 1e-8)}))
    assert found.relative is not None
    assert 3 * FLOAT32.unit < found.relative < Fraction(3001, 1000) * FLOAT32.unit


@pytest.mark.parametrize("seed", range(40))
def test_random_expressions_stay_within_their_bounds(seed: int) -> None:
    chosen = random.Random(seed)
    names = ("x", "y", "z")
    box = {name: sorted((chosen.uniform(-4, 4), chosen.uniform(-4, 4))) for name in names}
    nodes: list[Node] = [ref(name) for name in names]
    for _ in range(6):
        nodes.append(op(chosen.choice(["add", "sub", "mul", "max", "min"]), *chosen.choices(nodes, k=2)))
    inputs = boxes({name: (low, high) for name, (low, high) in box.items()})
    found = bound(FLOAT32, nodes[-1], inputs)
    for _ in range(50):
        point = {name: _drawn(chosen, box) for name, box in inputs.items()}
        exact = value(nodes[-1], {name: Fraction(float(x)) for name, x in point.items()})
        error = abs(Fraction(float(value(nodes[-1], point))) - exact)
        assert error <= found.error
        if found.relative is not None:
            assert error <= found.relative * abs(exact)


def _drawn(chosen: random.Random, box: Interval) -> np.float32:
    return min(max(np.float32(chosen.uniform(box.lo, box.hi)), np.float32(box.lo)), np.float32(box.hi))


def test_a_divisor_around_zero_has_no_bound() -> None:
    with pytest.raises(UnsupportedError, match="div may lie in"):
        bound(FLOAT32, op("div", ref("g"), ref("b")), boxes(RANGES))


@pytest.mark.skipif(shutil.which("gappa") is None, reason="gappa is not installed")
@pytest.mark.parametrize(("node", "relative"), [(MOMENTUM, False), (RATIO, True)])
def test_gappa_finds_the_same(node: Node, relative: bool) -> None:
    inputs = boxes(RANGES if not relative else {"m": (1e-6, 1), "v": (1e-6, 1), "eps": (1e-8, 1e-8)})
    found = bound(FLOAT32, node, inputs)
    own = gappa.answer(gappa.script(FLOAT32, node, inputs, relative=relative))
    ours = found.relative if relative else found.error
    assert ours is not None
    assert abs(own - ours) < ours / 1000


def test_without_gappa_the_reason_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gappa.shutil, "which", lambda _: None)
    with pytest.raises(MissingToolError, match="gappa is not installed"):
        gappa.answer("{ 1 in ? }")
    claim = RoundingError("momentum", "float32", "p", "1e-5", {n: (str(a), str(b)) for n, (a, b) in RANGES.items()})
    found = settle_rounding(claim, trace(resolve("momentum")), 10.0)
    assert found.verdict == "holds"
    assert found.proof is not None
    assert "gappa is not installed" in found.proof.text()


@pytest.mark.parametrize(
    ("of", "within", "message"),
    [
        ("q", {}, "has no array 'q'"),
        ("p", {}, "reads p, for which there is no range"),
        ("p", {"h": ("0", "1")}, "reads no 'h'"),
        ("p", {"p": ("1", "0")}, "ends before it starts"),
        ("p", {"p": ("one", "2")}, "'one' is no number"),
    ],
)
def test_bad_claims(of: str, within: dict[str, tuple[str, str]], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        settle_rounding(RoundingError("momentum", "float32", of, "1e-5", within), trace(resolve("momentum")), 10.0)
