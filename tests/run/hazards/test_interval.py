"""The ranges hold for what is computed: random operands, and every number of a small type."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from symopt.run.bound import FUNCTIONS
from symopt.run.hazards.formats import FORMATS, format_of
from symopt.run.hazards.interval import MONOTONE, Interval, Monotone

EDGES = [-np.inf, -65504.0, -1.5, -1.0, -6e-8, 0.0, 6e-8, 1e-4, 0.5, 1.0, 3.0, 65504.0, np.inf]
BINARY = [name for name in MONOTONE if name in ("add", "sub", "mul", "div", "pow", "max", "min")]


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("name", list(MONOTONE))
def test_every_result_lies_in_the_range(name: str, dtype: str) -> None:
    given = format_of(dtype)
    rng = np.random.default_rng(0)
    ends = [given.round(x) for x in EDGES]
    arithmetic = Monotone(given)
    count = 2 if name in BINARY else 1
    for _ in range(150):
        boxes = []
        for _ in range(count):
            low, high = sorted(rng.choice(ends, 2))
            boxes.append(Interval(float(low), float(high)))
        found = arithmetic.op(name, *boxes)
        inside = [[x for x in ends if box.has(x)] for box in boxes]
        for point in itertools.product(*inside):
            with np.errstate(all="ignore"):
                value = float(FUNCTIONS[name](*(given.dtype.type(x) for x in point)))
            assert found.nan if np.isnan(value) else found.has(value), (boxes, point, value, found)


def test_the_square_of_an_interval_is_not_the_product_of_two() -> None:
    arithmetic, x = Monotone(format_of("float32")), Interval(-2.0, 1.0)
    assert (arithmetic.op("mul", x, x).lo, arithmetic.op("mul", x, x).hi) == (0.0, 4.0)
    assert arithmetic.op("mul", x, Interval(-2.0, 1.0)).lo == -2.0


@pytest.mark.parametrize("dtype", [name for name in FORMATS if name != "bfloat16"])
def test_the_sizes_of_types_are_those_of_numpy(dtype: str) -> None:
    given, real = format_of(dtype), np.finfo(dtype)
    assert given.max == float(real.max)
    assert given.smallest == float(real.smallest_subnormal)
    assert float(given.unit) == float(real.eps) / 2
    for value in (0.0, 1.0, 1.5, float(real.tiny), float(real.smallest_subnormal), float(real.max) / 2):
        assert given.above(value) == float(np.nextafter(real.dtype.type(value), real.dtype.type(np.inf)))


def test_bfloat16_is_half_of_float32() -> None:
    pytest.importorskip("ml_dtypes")
    given = format_of("bfloat16")
    for value in (1.0, 0.999, 1e-8, 3.14159, 255.4, 1e30):
        bits = int(np.float32(value).view(np.uint32))
        nearest = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16
        assert given.round(float(np.float32(value))) == float(np.uint32(nearest).view(np.float32))
