"""The order of stages: numbers before they are read, as few sweeps as the mathematics asks for, segments."""

from __future__ import annotations

import pytest
from shown import shown, step_of

from symopt.errors import UnsupportedError
from symopt.lang import (
    Expr,
    Hyper,
    Rule,
    State,
    ema,
    inverse_root,
    matmul,
    maximum,
    mean,
    model_norm,
    model_total,
    norm,
    rms,
    sqrt,
    transpose,
)


class Plain(Rule):
    """Has no reduction."""

    lr, beta = Hyper(0.1), Hyper(0.9)
    m = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * s.m / (1 - s.beta**s.t)


def test_a_rule_without_reductions_is_numbers_and_one_sweep() -> None:
    numbers, sweep = shown(step_of(Plain))
    assert numbers.split()[0] == "segment"
    assert sweep == "sweep rows x cols | m_new p_new | p:=p_new m:=m_new"


class Factored(Rule):
    """Adafactor's shape: means along both axes, a mean of one of them, and a mean over everything."""

    lr, beta, eps = Hyper(0.1), Hyper(0.9), Hyper(1e-6)
    row, col = State(), State()

    def update(s) -> None:
        s.row = ema(s.row, mean(s.g**2 + s.eps, axis=1), s.beta)
        s.col = ema(s.col, mean(s.g**2 + s.eps, axis=0), s.beta)
        s.u = s.g / sqrt(s.row * s.col / mean(s.row))
        s.p = s.p - s.lr * s.u / maximum(1, rms(s.u))


def test_rows_and_columns_have_sweeps_of_their_own_between_those_over_elements() -> None:
    phase = step_of(Factored)
    assert [str(sweep.shape) for sweep in phase.sweeps] == [
        "rows x cols", "rows x 1", "1 x cols", "rows x cols", "rows x cols",
    ]  # fmt: skip
    # Both means over the squared gradient are taken on one way over the elements.
    assert [len(sweep.partials) for sweep in phase.sweeps] == [2, 1, 0, 1, 0]
    assert {str(buffer.shape) for buffer in phase.buffers} == {"rows x 1", "1 x cols"}
    assert [[store.array for store in sweep.stores] for sweep in phase.sweeps] == [[], ["row"], ["col"], [], ["p"]]


class Preconditioned(Rule):
    """Shampoo's shape: two squares, their roots, two products."""

    left, right = State(), State()

    def update(s) -> None:
        s.left = s.left + matmul(s.g, transpose(s.g))
        s.right = s.right + matmul(transpose(s.g), s.g)
        s.p = s.p - matmul(matmul(inverse_root(s.left, 4), s.g), inverse_root(s.right, 4))


def test_operations_on_matrices_stand_between_sweeps_and_read_new_values_from_their_arrays() -> None:
    lines = shown(step_of(Preconditioned))
    kinds = [line.split()[0] for line in lines]
    assert kinds == ["segment", "product", "product", "sweep", "sweep", *["product"] * 4, "sweep"]
    roots = [line for line in lines if "inverse_root" in line]
    assert [line.partition("(")[2] for line in roots] == ["inverse_root left 0 4)", "inverse_root right 0 4)"]


class Chained(Rule):
    """Three reductions, each over what the one before gives."""

    def update(s) -> None:
        s.u = s.g - mean(s.g)
        s.w = s.u / norm(s.u)
        s.p = s.p - s.w * rms(s.w + s.p)


def test_reductions_of_reductions_take_a_sweep_each() -> None:
    phase = step_of(Chained)
    assert [len(sweep.partials) for sweep in phase.sweeps] == [1, 1, 1, 0]


class Parallel(Rule):
    """Reductions that do not wait for one another."""

    m = State()

    def update(s) -> None:
        s.m = s.m + s.g
        s.p = s.p - s.m * norm(s.p) / (norm(s.g) + norm(s.m) + mean(abs(s.m)))


def test_reductions_that_do_not_wait_for_one_another_share_a_sweep() -> None:
    assert [len(sweep.partials) for sweep in step_of(Parallel).sweeps] == [4, 0]


class Clipped(Rule):
    """Clipping by the norm over the model, then numbers of the tensor."""

    lr = Hyper(0.1)

    def update(s) -> None:
        s.length = norm(s.p)
        s.factor = 1 / maximum(1, model_norm(s.g))
        s.p = s.p - s.lr * s.factor * s.g * s.length


def test_a_reduction_over_the_model_ends_a_segment_and_numbers_of_a_tensor_are_computed_where_they_are_read() -> None:
    first, whole, second, own, numbers, last = shown(step_of(Clipped))
    assert (first, whole) == ("segment", "sweep rows x cols | (model_sum (mul g g))")
    assert (second, own) == ("segment factor", "sweep rows x cols | (sum (mul p p))")
    assert numbers.split()[:2] == ["numbers", "length"]
    assert last == "sweep rows x cols | p_new | p:=p_new"


class Twice(Rule):
    """Looks at the model twice, the second time at what depends on the first."""

    def update(s) -> None:
        s.u = s.g / model_norm(s.g)
        s.w = s.u * model_total(s.u * s.p)
        s.p = s.p - s.w


def test_every_look_at_the_model_has_a_segment() -> None:
    phase = step_of(Twice)
    found = [[p.over_model for stage in s.stages for p in getattr(stage, "partials", ())] for s in phase.segments]
    assert found == [[True], [True], []]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (lambda s: s.g * norm(s.g) * model_total(s.g / norm(s.g)), "a number of every tensor"),
        (lambda s: mean(s.g, axis=1) * model_total(mean(s.g, axis=1)), "a buffer of every tensor"),
    ],
)
def test_what_every_tensor_would_keep_between_two_looks_is_refused(expression: Expr, said: str) -> None:
    class Kept(Rule):
        def update(s) -> None:
            s.p = s.p - expression(s)

    with pytest.raises(UnsupportedError, match=said):
        step_of(Kept)


class Numbers(Rule):
    """Only the numbers that something needs are computed; a state of a tensor is one of them."""

    nu, beta = State(), Hyper(0.9)

    def update(s) -> None:
        s.unused = rms(s.g)
        s.nu = ema(s.nu, norm(s.g), s.beta)
        s.late = 1 / (1 + s.nu)
        s.p = s.p - s.g * s.late


def test_numbers_that_nothing_needs_are_not_computed() -> None:
    phase = step_of(Numbers)
    assert [len(sweep.partials) for sweep in phase.sweeps] == [1, 0]
    assert "unused" not in {let.name for let in phase.scalars}
    assert [store.value for store in phase.number_stores] == ["nu_new"]
    assert {"nu_new", "late"} <= {let.name for let in phase.scalars}


class Sizes(Rule):
    """Numbers of a tensor that no reduction gives are known before its first sweep."""

    def update(s) -> None:
        s.p = s.p - s.g * sqrt(s.rows / s.cols)


def test_sizes_are_numbers_of_the_tensor() -> None:
    lines = shown(step_of(Sizes))
    assert [line.split()[0] for line in lines] == ["segment", "numbers", "sweep"]
    assert lines[0] == "segment"
