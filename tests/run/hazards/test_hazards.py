"""Hazards against NumPy and PyTorch written by hand, and on small rules that have or lack them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from symopt.errors import UsageError
from symopt.lang.theorem.floats import HAZARDS
from symopt.run.hazards import HAPPENS, IMPOSSIBLE, UNKNOWN, hazards, text
from symopt.run.hazards.kinds import FINDERS, hazard
from symopt.run.hazards.replay import Replay
from symopt.run.hazards.subject import subject
from symopt.run.hazards.witness import Inputs, show

# A count that is an array: what is added depends on the gradient by its form, and is always one.
COUNTING = '''
from symopt.lang import Hyper, Positive, Rule, State, exp, floor


class Counting(Rule):
    """Steps divided by the number of steps, which is kept in an array."""

    lr = Hyper(1e-1, r"\\gamma", Positive)
    n = State()

    def update(s) -> None:
        s.one = 1 + floor(exp(-(s.g**2)) / 2)
        s.n = s.n + s.one
        s.p = s.p - s.lr * s.g / s.n
'''


def rmsprop(g: float, rho: float, steps: int) -> list[float]:
    """v - a^2 of centered RMSProp in float32, one operation after the other."""
    one = np.float32(1.0 - rho)
    r, x = np.float32(rho), np.float32(g)
    v = a = np.float32(0)
    found = []
    for _ in range(steps):
        v = r * v + one * (x * x)
        a = r * a + one * x
        found.append(float(v - a * a))
    return found


def test_the_variance_is_negative_where_it_is_said_to_be() -> None:
    found = hazard("rmsprop[rho=0.9,centered=True]", "float32", "root of a negative number")
    assert found.verdict == HAPPENS
    assert found.inputs is not None
    ((g, steps),) = found.inputs.gradients
    variances = rmsprop(g, 0.9, steps)
    assert variances[-1] < 0
    assert min(variances[:-1]) >= 0
    assert "nan" in found.effect


def test_the_variance_is_not_negative_over_the_reals() -> None:
    """The same witness in double precision: the hazard is one of rounding."""
    found = hazard("rmsprop[rho=0.9,centered=True]", "float32", "root of a negative number")
    assert found.inputs is not None
    ((g, steps),) = found.inputs.gradients
    v = a = 0.0
    for _ in range(steps):
        v, a = 0.9 * v + 0.1 * g * g, 0.9 * a + 0.1 * g
    assert v - a * a > 0


@pytest.mark.parametrize(("dtype", "verdict"), [("float16", HAPPENS), ("float32", IMPOSSIBLE), ("float64", IMPOSSIBLE)])
def test_zero_gradients_and_eps(dtype: str, verdict: str) -> None:
    found = hazard("adam", dtype, "denominator is zero")
    assert found.verdict == verdict
    with np.errstate(all="ignore"):
        zero = np.dtype(dtype).type(0)
        assert np.isnan(zero / (np.sqrt(zero) + np.dtype(dtype).type(1e-8))) == (verdict == HAPPENS)


def test_pytorch_does_the_same_in_float16() -> None:
    torch = pytest.importorskip("torch")
    p = torch.ones(1, dtype=torch.float16, requires_grad=True)
    p.grad = torch.zeros_like(p)
    torch.optim.Adam([p]).step()
    assert torch.isnan(p).all()


def test_the_threshold_of_eps() -> None:
    found = hazard("adam", "float32", "eps vanishes")
    assert "sqrt(v_hat) >= 0.25" in found.found
    x = np.float32(0.25)
    assert x + np.float32(1e-8) == x
    below = np.nextafter(x, np.float32(0))
    assert below + np.float32(1e-8) != below


def test_the_threshold_of_squares() -> None:
    high, low = (hazard("adam", "float16", f"square {end}") for end in ("overflows", "underflows"))
    assert high.inputs is not None
    assert low.inputs is not None
    g, small = np.float16(high.inputs.gradient(0)), np.float16(low.inputs.gradient(0))
    with np.errstate(all="ignore"):
        assert np.isinf(g * g)
        assert np.isfinite(np.nextafter(g, np.float16(0)) ** 2)
        weight = np.float16(1.0 - 0.999)
        assert weight * (small * small) == 0
        more = np.nextafter(small, np.float16(1))
        assert weight * (more * more) > 0


def test_a_bound_of_the_gradients_is_used() -> None:
    assert hazard("adam", "float16", "square overflows", 255).verdict == IMPOSSIBLE
    assert hazard("adam", "float16", "square overflows", 256).verdict == HAPPENS
    found = hazard("adam", "float16", "square underflows", 1e-3)
    assert found.inputs is not None
    assert found.inputs.gradient(0) <= np.float16(1e-3)


@pytest.mark.parametrize(("dtype", "last"), [("float16", 2048), ("float32", 2**24)])
def test_a_count_in_an_array_stops(tmp_path: Path, dtype: str, last: int) -> None:
    path = tmp_path / "counting.py"
    path.write_text(COUNTING, encoding="utf-8")
    found = hazard(str(path), dtype, "counter stops")
    assert found.verdict == HAPPENS
    assert found.inputs is not None
    assert found.inputs.states == {"n": last}
    count = np.dtype(dtype).type(last)
    assert count + count.dtype.type(1) == count
    assert (count - count.dtype.type(1)) + count.dtype.type(1) == count


def test_a_sum_stops_after_as_many_steps_as_the_type_can_count(tmp_path: Path) -> None:
    path = tmp_path / "counting.py"
    path.write_text(COUNTING, encoding="utf-8")
    found = hazard(str(path), "float16", "sum stops")
    assert found.inputs is not None
    assert found.inputs.gradients == ((1.0, 2049),)
    assert hazard("adam", "float16", "counter stops").verdict == IMPOSSIBLE


def test_factors_that_round_to_one() -> None:
    pytest.importorskip("ml_dtypes")
    assert hazard("adam", "bfloat16", "factor is one").verdict == HAPPENS
    assert hazard("adam[beta2=0.99]", "bfloat16", "factor is one").verdict == IMPOSSIBLE


@pytest.mark.parametrize("target", ["adam", "lamb", "adafactor", "sam", "momo"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_the_replay_has_the_bits_of_the_kernel(target: str, dtype: str) -> None:
    inputs = Inputs(0.75, ((0.3, 3), (1e-4, 2), (-20.0, 2)))
    assert show(subject(target, dtype), inputs).agrees


def test_a_replay_of_other_statements_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: a replay with another root than the kernel's disagrees."""
    from symopt.run.hazards import replay

    monkeypatch.setattr(replay, "FUNCTIONS", {**replay.FUNCTIONS, "sqrt": lambda x: np.sqrt(x) * x.dtype.type(1.01)})
    assert not show(subject("adam", "float32"), Inputs(1.0, ((0.5, 1),))).agrees


def test_fixed_values_are_those_of_the_target() -> None:
    assert subject("adam[eps=1e-3]", "float32").values["eps"] == 1e-3
    assert Replay(subject("adam[eps=1e-3]", "float32")).hypers["eps"] == 1e-3


def test_all_hazards_of_a_rule() -> None:
    found = hazards("adam", "float16")
    assert [item.kind for item in found] == list(HAZARDS) == list(FINDERS)
    assert "eps = 1e-08 rounds to 0" in text(found)
    assert {item.verdict for item in found} == {HAPPENS, IMPOSSIBLE}


def test_what_is_not_replayed_is_unknown() -> None:
    found = hazard("shampoo", "float32", "denominator is zero")
    assert found.verdict in (IMPOSSIBLE, UNKNOWN)
    assert hazard("sgld", "float32", "update is lost").verdict == UNKNOWN


@pytest.mark.parametrize(
    ("target", "dtype", "kind", "message"),
    [
        ("adma", "float32", "eps is zero", "no rule is called 'adma'"),
        ("adam", "float8", "eps is zero", "no floating-point type is called 'float8'"),
        ("adam", "float32", "eps", "no hazard is called 'eps'"),
    ],
)
def test_bad_requests(target: str, dtype: str, kind: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        hazard(target, dtype, kind)
