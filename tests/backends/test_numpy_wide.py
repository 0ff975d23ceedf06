"""NumPy modules of rules with sums, matrices, models and random numbers: the order of sums, layouts, refusals."""

from __future__ import annotations

import math
import tracemalloc
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symopt.backends.base import variants_of
from symopt.lang import Hyper, NonNegative, Rule, State, model_norm, norm, total
from symopt.run.modules import load_module
from symopt.run.philox import uniforms
from tests.run.small_rules import Counted, Distance, Extremes, GlobalClip, Langevin, Newton, NumberState, Trust

BLOCKS = [1, 64, 4096, 12345, 1 << 18]  # bytes that are passed over at a time


class Unit(Rule, name="unit"):
    """A step against the gradient's direction, and the sum of its elements."""

    lr = Hyper(1, domain=NonNegative)
    s = State()

    def update(s) -> None:
        s.s = total(s.g)
        s.p = s.p - s.lr * s.g / norm(s.g)


class BothSizes(Rule, name="both_sizes"):
    """A number of every tensor beside one of the model."""

    lr = Hyper(1, domain=NonNegative)
    own, whole = State(init=1), State()

    def update(s) -> None:
        s.own = s.own / 2 + norm(s.g)
        s.whole = s.whole / 2 + model_norm(s.g)
        s.p = s.p - s.lr * s.g / s.whole


def module(rule: type[Rule]) -> ModuleType:
    return load_module("numpy", variants_of(rule))


def sum_in_order(terms: Any) -> float:
    """The definition: thousands of eight lanes, added in halves."""
    result = 0.0
    for start in range(0, len(terms), 1024):
        lanes = [0.0] * 8
        for i, term in enumerate(terms[start : start + 1024]):
            lanes[i % 8] += float(term)
        a = [lanes[i] + lanes[i + 4] for i in range(4)]
        result += (a[0] + a[2]) + (a[1] + a[3])
    return result


def hard_to_sum(count: int, dtype: str) -> Any:
    rng = np.random.default_rng(count)
    return (rng.standard_normal(count) * 10.0 ** rng.integers(-6, 6, count)).astype(dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 1000, 1024, 1025, 3000, 70_000])
def test_sums_have_one_order(count: int, dtype: str) -> None:
    g = hard_to_sum(count, dtype)
    squares = [float(x) * float(x) for x in g]  # exact in double precision where the elements are single
    made, found = module(NumberState), []
    for size in BLOCKS[1 if count < 10_000 else 2 :]:
        made.BLOCK_BYTES = size
        p = np.zeros(count, dtype)
        state = made.init(p)
        made.step(p, g, state)
        found.append(state["nu"])
    assert found == [sum_in_order(squares)] * len(found)
    assert type(found[0]) is float


def test_the_order_tells_itself_from_others() -> None:
    squares = [hard_to_sum(count, "float64") ** 2 for count in (1025, 3000, 70_000)]
    assert any(sum_in_order(x) != float(np.sum(x)) for x in squares)
    assert any(sum_in_order(x) != sum(x.tolist()) for x in squares)


LAYOUTS = {
    "plain": np.array,
    "fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", BLOCKS)
def test_layouts_and_blocks_keep_the_order_of_memory(layout: str, size: int) -> None:
    """Elements come as they lie in memory, in whatever pieces."""
    made = module(NumberState)
    made.BLOCK_BYTES = size
    plain = hard_to_sum(31 * 77, "float64").reshape(31, 77)
    p, g = LAYOUTS[layout](np.zeros((31, 77))), LAYOUTS[layout](plain)
    state = made.init(p)
    made.step(p, g, state)
    in_memory = plain.ravel("F" if layout == "fortran" else "C")[:: -1 if layout == "reversed" else 1]
    assert state["nu"] == sum_in_order(in_memory * in_memory)
    assert np.isfinite(p).all()


def test_no_temporary_has_the_size_of_the_arrays() -> None:
    made = module(Trust)
    p, g = np.ones(1_000_000, np.float32), np.ones(1_000_000, np.float32)
    state = made.init(p)
    tracemalloc.start()
    made.step(p, g, state)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < p.nbytes


def test_a_norm_of_zero_is_a_number_as_others() -> None:
    """Python would refuse to divide by it."""
    made = module(Unit)
    p = np.ones(3)
    with np.errstate(all="ignore"):
        made.step(p, np.zeros(3), made.init(p))
    assert np.isnan(p).all()
    p = np.ones(3, np.float32)
    made.step(p, np.array([0, -3, 4], np.float32), made.init(p))
    np.testing.assert_allclose(p, [1.0, 1.6, 0.2], rtol=1e-6)


@pytest.mark.parametrize("rule", [Trust, NumberState])
def test_a_tensor_without_elements_is_left_alone(rule: type[Rule]) -> None:
    made = module(rule)
    p = np.ones((0, 3))
    state = made.init(p)
    before = {name: 2.0 for name, value in state.items() if isinstance(value, float)}
    state.update(before)
    made.step(p, p.copy(), state)
    assert state["t"] == 1
    assert {name: state[name] for name in before} == before


def test_numbers_of_the_step_are_floats_in_the_state() -> None:
    made = module(Counted)
    p = np.ones(2, np.float32)
    state = made.init(p)
    assert state["product"] == 1.0
    made.step(p, p.copy(), state, beta=0.1)
    made.step(p, p.copy(), state, beta=0.1)
    assert state["product"] == 0.1 * 0.1
    assert type(state["product"]) is float
    del state["product"]
    with pytest.raises(TypeError, match="product is a float, not NoneType; init makes the state"):
        made.step(p, p.copy(), state)


def test_matrices_are_demanded_and_states_have_their_shapes() -> None:
    made = module(Extremes)
    p = np.ones((2, 3))
    state = made.init(p)
    assert state["row"].shape == (2, 1)
    assert state["col"].shape == (1, 3)
    with pytest.raises(ValueError, match=r"extremes: p is a matrix \(2 dimensions\), not of shape \(3,\)"):
        made.init(np.ones(3))
    with pytest.raises(ValueError, match=r"extremes: p is a matrix \(2 dimensions\), not of shape \(3,\)"):
        made.step(np.ones(3), np.ones(3), state)
    with pytest.raises(ValueError, match=r"col is float64 \(1, 3\), and for this p float64 \(1, 2\)"):
        made.step(np.ones((2, 2)), np.ones((2, 2)), {**state, "row": np.ones((2, 1))})
    with pytest.raises(ValueError, match=r"g is float32 \(2, 3\), and for this p float64 \(2, 3\)"):
        made.step(p, p.astype(np.float32), state)
    assert (p == 1).all()


def test_matrices_of_every_layout() -> None:
    rng = np.random.default_rng(0)
    made, plain = module(Newton), rng.standard_normal((6, 4))
    g = rng.standard_normal((6, 4))
    other = np.repeat(plain, 2, 0)[::2]
    transposed = np.ascontiguousarray(plain.T).T
    for p in (plain, other, transposed):
        made.step(p, g, made.init(p))
    np.testing.assert_allclose(other, plain, rtol=1e-13)
    np.testing.assert_allclose(transposed, plain, rtol=1e-13)


def test_an_orthogonal_update_needs_no_more_than_its_definition() -> None:
    """Two Newton-Schulz steps with the rule's coefficients, by hand, on a tall matrix."""
    rng = np.random.default_rng(1)
    p, g = rng.standard_normal((5, 3)), rng.standard_normal((5, 3))
    x = (g / (np.linalg.norm(g) + 0.01)).T
    for _ in range(2):
        a = x @ x.T
        x = 2 * x - (a - a @ a / 4) @ x
    expected = p - 0.1 * math.sqrt(5 / 3) * x.T
    made = module(Newton)
    made.step(p, g, made.init(p))
    np.testing.assert_allclose(p, expected, rtol=1e-12)


def test_a_model_is_a_list_and_one_array_a_model() -> None:
    made = module(GlobalClip)
    ps = [np.array([3.0]), np.ones((0, 2)), np.array([[0.0, 0.0]])]
    gs = [np.array([3.0]), np.ones((0, 2)), np.array([[0.0, 4.0]])]
    state = made.init(ps)
    same, _ = made.step(ps, gs, state, lr=1.0)
    assert same is not gs
    np.testing.assert_allclose(ps[0], [3.0 - 0.6])
    np.testing.assert_allclose(ps[2], [[0.0, -0.8]])
    assert [m.shape for m in state["m"]] == [(1,), (0, 2), (1, 2)]
    p = np.array([3.0, 0.0, 0.0])
    alone = made.init(p)
    made.step(p, np.array([3.0, 0.0, 4.0]), alone, lr=1.0)
    np.testing.assert_allclose(p, [2.4, 0.0, -0.8])


def test_numbers_of_a_tensor_are_lists_and_those_of_the_model_floats() -> None:
    made = module(BothSizes)
    ps = [np.zeros(2), np.zeros(0), np.zeros(1)]
    state = made.init(ps)
    assert state["own"] == [1.0, 1.0, 1.0]
    made.step(ps, [np.array([3.0, 4.0]), np.zeros(0), np.array([12.0])], state)
    assert state["own"] == [5.5, 1.0, 12.5]
    assert state["whole"] == 13.0
    with pytest.raises(ValueError, match="own has 2 numbers, and the model 3 tensors"):
        made.step(ps, ps, {**state, "own": [1.0, 2.0]})


def test_what_is_no_model_is_refused_before_anything_changes() -> None:
    made = module(Distance)
    ps = [np.ones(2), np.ones(3)]
    state = made.init(ps)
    assert state["d"] == 0.25
    with pytest.raises(ValueError, match="g has 1 arrays, and the model 2 tensors"):
        made.step(ps, [np.ones(2)], state)
    with pytest.raises(ValueError, match=r"g\[1\] is float64 \(2,\), and p is float64 \(3,\)"):
        made.step(ps, [np.ones(2), np.ones(2)], state)
    with pytest.raises(TypeError, match="w is a list of arrays, not ndarray"):
        made.step(ps, [np.ones(2), np.ones(3)], {**state, "w": np.ones(2)})
    assert all((p == 1).all() for p in ps)
    assert state["t"] == 0


def test_random_numbers_are_those_of_random123() -> None:
    """The first known answer of the authors' library: Philox4x32-10 of zeros."""
    words = module(Langevin)._philox(np.zeros(2, np.uint64), 0, 0, 0)
    assert [int(word[1]) for word in words] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    # And the second and third: all ones, and digits of pi.
    ones = module(Langevin)._philox(np.array([2**64 - 1], np.uint64), 2**32 - 1, 2**32 - 1, 2**64 - 1)
    assert [int(word[0]) for word in ones] == [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
    counter = np.array([0x85A308D3243F6A88], np.uint64)
    digits = module(Langevin)._philox(counter, 0x13198A2E, 0x03707344, 0x299F31D0A4093822)
    assert [int(word[0]) for word in digits] == [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_draws_are_those_of_the_definition(dtype: str) -> None:
    made = module(Langevin)
    p = np.asfortranarray(np.zeros((40, 3), dtype))
    draws = made._draws(p, (0, 1, 2, 5), 2**63 + 11, 7, 3)
    for k, draw in zip((0, 1, 2, 5), draws, strict=True):
        assert draw.dtype == dtype
        assert (draw == uniforms((40, 3), 7, k, 2**63 + 11 + 3 * 2**32, dtype)).all()
    many = made._draws(np.zeros(100_000, dtype), (0, 1), 0, 1)
    assert abs(float(many[0].mean()) - 0.5) < 0.005
    assert abs(float(np.corrcoef(many[0], many[1])[0, 1])) < 0.02


def test_a_step_depends_on_the_seed_and_the_step_alone() -> None:
    made, results = module(Langevin), []
    for seed in (0, 0, 1):
        p = np.zeros(4)
        made.step(p, np.zeros(4), made.init(p), seed=seed)
        results.append(p.tolist())
    assert results[0] == results[1] != results[2]
    for seed in (-1, 2**64, 0.5):
        with pytest.raises(ValueError, match="is no integer from 0 to"):
            made.step(np.zeros(4), np.zeros(4), made.init(np.zeros(4)), seed=seed)
