"""Reductions, matrices and other inputs of a step in the prover: what is equal, and what must not be called so."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

import pytest

from symopt import compare
from symopt.catalogue import resolve
from symopt.checker.check import check_equality, check_witness
from symopt.lang import (
    Expr,
    Hyper,
    NonNegative,
    Positive,
    Rule,
    State,
    eigenbasis,
    inverse_root,
    matmul,
    mean,
    model_norm,
    model_total,
    norm,
    orthogonal,
    sqrt,
    total,
    transpose,
    where,
)
from symopt.passes.tracing import trace
from symopt.prove.deadline import Deadline
from symopt.prove.plain import plain_equality


class Masked(Rule):
    """The sum of the positive elements, where the element is positive."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * where(s.g > 0, total(where(s.g > 0, s.g, 0)), 0)


class Whole(Rule):
    """The sum of all elements, where the element is positive: the same only where all are."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * where(s.g > 0, total(s.g), 0)


class OfTensor(Rule):
    """A step scaled by a sum over the tensor."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * total(s.g**2) * s.g


class OfModel(Rule):
    """A step scaled by a sum over the model: the same for models of one tensor."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * model_total(s.g**2) * s.g


class Left(Rule):
    """A product of the gradient with itself transposed."""

    def update(s) -> None:
        s.p = s.p - matmul(matmul(s.g, transpose(s.g)), s.g)


class Right(Rule):
    """The product with the parameter in the middle: another matrix."""

    def update(s) -> None:
        s.p = s.p - matmul(matmul(s.g, transpose(s.p)), s.g)


class Rearranged(Rule):
    """The norm of a step, in other words."""

    lr = Hyper(0.1, domain=NonNegative)
    m = State()

    def update(s) -> None:
        s.m = s.m / 2 + s.g
        s.p = s.p - s.lr * s.m / (1 + norm(2 * s.m + s.p) ** 2)


class Plain(Rule):
    """The same with the square written out."""

    lr = Hyper(0.1, domain=NonNegative)
    m = State()

    def update(s) -> None:
        s.m = s.g + s.m / 2
        s.p = s.p - s.m * s.lr / (total(4 * s.m**2 + 4 * s.m * s.p + s.p * s.p) + 1)


class RowMean(Rule):
    """Less the mean of the row."""

    def update(s) -> None:
        s.p = s.p - (s.g - mean(s.g, axis=1))


class ColumnMean(Rule):
    """Less the mean of the column."""

    def update(s) -> None:
        s.p = s.p - (s.g - mean(s.g, axis=0))


class Noise(Rule):
    """Gradient descent with noise."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g + sqrt(s.lr) * s.normal()


class Twice(Rule):
    """Gradient descent with the sum of two noises: another distribution."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g + sqrt(s.lr) * (s.normal() + s.normal()) / 2


class Loss(Rule):
    """A step in proportion to the loss."""

    def update(s) -> None:
        s.p = s.p - s.loss * s.g


class Curved(Rule):
    """A step in proportion to the second derivative."""

    def update(s) -> None:
        s.p = s.p - s.hessian * s.g


def test_what_holds_for_one_element_is_not_used_of_the_others() -> None:
    """In the case of a positive element both sums would read alike; the elements beside it tell them apart."""
    found = compare(Masked(), Whole())
    assert found.verdict == "different"
    assert found.scope == "shape (2)"
    # Without the witness, too: the proof itself must not go through.
    assert plain_equality(trace(Masked), trace(Whole), (), Deadline.after(20))[0] is None


class CutTensors(Rule):
    """The sum over the model of those tensors whose norm is large, where that of this one is."""

    def update(s) -> None:
        large = norm(s.g) > 1
        s.p = s.p - where(large, model_total(where(large, s.g, 0)), 0)


class AllTensors(Rule):
    """The sum over the whole model, where the norm of this tensor is large: the same only where all are."""

    def update(s) -> None:
        s.p = s.p - where(norm(s.g) > 1, model_total(s.g), 0)


def test_what_holds_for_one_tensor_is_not_used_of_the_model() -> None:
    """A model of one tensor, which is all that witnesses are, cannot tell the two apart."""
    assert compare(CutTensors(), AllTensors()).verdict == "unknown"


class CutModel(Rule):
    """The same under a condition that all tensors share."""

    def update(s) -> None:
        large = model_norm(s.g) > 1
        s.p = s.p - where(large, model_total(where(large, s.g, 0)), 0)


class WholeModel(Rule):
    """What it comes to."""

    def update(s) -> None:
        s.p = s.p - where(model_norm(s.g) > 1, model_total(s.g), 0)


def test_what_holds_for_all_tensors_is_used_of_the_model() -> None:
    assert compare(CutModel(), WholeModel()).verdict == "equal"


class TensorState(Rule):
    """A number that every tensor keeps for itself, inside a sum over the model."""

    n = State()

    def update(s) -> None:
        s.n = s.n + norm(s.g)
        s.p = s.p - where(s.n > 2, model_total(where(s.n > 2, s.g, 0)), 0)


class TensorStateOutside(Rule):
    """The same number, outside."""

    n = State()

    def update(s) -> None:
        s.n = s.n + norm(s.g)
        s.p = s.p - where(s.n > 2, model_total(s.g), 0)


class Sized(Rule):
    """The size of a tensor, inside a sum over the model."""

    def update(s) -> None:
        s.p = s.p - where(s.size > 2, model_total(where(s.size > 2, s.g, 0)), 0)


class SizedOutside(Rule):
    """The same size, outside."""

    def update(s) -> None:
        s.p = s.p - where(s.size > 2, model_total(s.g), 0)


@pytest.mark.parametrize(("left", "right"), [(TensorState, TensorStateOutside), (Sized, SizedOutside)])
def test_numbers_of_a_tensor_differ_over_the_model(left: type[Rule], right: type[Rule]) -> None:
    assert plain_equality(trace(left), trace(right), (), Deadline.after(20))[0] is None


class Rooted(Rule):
    """A root of a matrix, and a factor that is undefined where it is not chosen."""

    eps = Hyper(0.1, domain=Positive)
    q = State()

    def update(s) -> None:
        s.gram = matmul(s.g, transpose(s.g))
        s.later = orthogonal(matmul(s.gram, s.q))
        s.q = where(s.t < 2, eigenbasis(s.gram), s.later)
        s.p = s.p - matmul(inverse_root(s.gram, 2, s.eps), s.g)


class Shifted(Rooted):
    """With another damping."""

    def update(s) -> None:
        s.gram = matmul(s.g, transpose(s.g))
        s.later = orthogonal(matmul(s.gram, s.q))
        s.q = where(s.t < 2, eigenbasis(s.gram), s.later)
        s.p = s.p - matmul(inverse_root(s.gram, 2, 2 * s.eps), s.g)


def test_operations_that_are_undefined_where_they_are_not_chosen_are_replayed() -> None:
    found = compare(Rooted(), Shifted())
    assert found.verdict == "different"
    assert found.witness is not None
    assert check_witness(trace(Rooted), trace(Shifted), found.witness.to_json(), found.witness.step, None).passed


def test_a_witness_over_arrays_reads_as_one() -> None:
    lines = compare(Left(), Right()).text().splitlines()
    (theta,) = (line for line in lines if "theta = " in line)
    assert re.fullmatch(r"  theta = \(\(-?\d+, -?\d+\), \(-?\d+, -?\d+\)\), gradients \(\(.*\)\)", theta)
    (given,) = (line for line in compare(Noise(), Twice()).text().splitlines() if "given" in line)
    assert re.fullmatch(r"  given (draw\d \d+/\d+(; )?){4}", given)


@pytest.mark.parametrize(
    ("left", "right"), [(Left, Right), (RowMean, ColumnMean), (Noise, Twice), (Loss, Curved), (OfTensor, Loss)]
)
def test_different_rules_have_a_witness_that_replays(left: type[Rule], right: type[Rule]) -> None:
    found = compare(left(), right())
    assert found.verdict == "different"
    assert found.witness is not None
    assert found.first_step is not None
    check = check_witness(trace(left), trace(right), found.witness.to_json(), found.first_step, found.witness.query)
    assert check.passed, check.how


def test_a_witness_that_was_changed_does_not_replay() -> None:
    found = compare(RowMean(), ColumnMean())
    assert found.witness is not None
    changed = replace(found.witness, left=found.witness.left + Fraction(1, 1000))
    assert not check_witness(trace(RowMean), trace(ColumnMean), changed.to_json(), 1, None).passed


def test_one_tensor_cannot_tell_the_model_from_the_tensor() -> None:
    """The two agree on every run on one tensor, and nothing is proved: no verdict."""
    assert compare(OfTensor(), OfModel()).verdict == "unknown"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("chain(adam_direction,decoupled_decay,trust_ratio)", "lamb"),
        ("muon", "muon"),
        ("soap", "soap"),
        ("sam[rho=0]", "sgd"),
        ("sgld", "sgld"),
        ("polyak_sgd", "polyak_sgd"),
        ("prodigy", "prodigy"),
        ("sophia", "sophia"),
    ],
)
def test_equal_rules_of_every_class(left: str, right: str) -> None:
    found = compare(left, right)
    assert found.verdict == "equal"
    how = check_equality(
        trace(resolve(left)), trace(resolve(right)), found.hyper_map, found.state_map, found.conditions
    )
    assert how.passed, how.how


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (lambda a, b: matmul(matmul(a, transpose(b)), a), lambda a, b: matmul(a, matmul(transpose(b), a)), True),
        (lambda a, b: transpose(matmul(transpose(a), b)) * 1, lambda a, b: matmul(transpose(b), a), True),
        (lambda a, b: transpose(transpose(a)), lambda a, b: a, True),
        (
            lambda a, b: transpose(matmul(matmul(transpose(a), b), transpose(a))),
            lambda a, b: matmul(matmul(a, transpose(b)), a),
            True,
        ),
        (lambda a, b: matmul(matmul(a, transpose(b)), a), lambda a, b: matmul(matmul(b, transpose(a)), a), False),
        (lambda a, b: matmul(transpose(a), b), lambda a, b: matmul(transpose(b), a), False),
    ],
)
def test_products_and_transposes_have_a_plain_form(left: Expr, right: Expr, equal: bool) -> None:
    def rule(expression: Expr) -> type[Rule]:
        class Product(Rule):
            def update(s) -> None:
                s.q = expression(s.g, s.p)
                s.p = s.p - (total(s.q**3) + total(s.q)) * s.g

        return Product

    assert (compare(rule(left)(), rule(right)()).verdict == "equal") == equal


def test_a_reduction_is_compared_in_its_normal_form() -> None:
    assert compare(Rearranged(), Plain()).verdict == "equal"


def test_the_checker_runs_on_arrays() -> None:
    """On one element the mean of a row is the element: only an array shows that the rules differ."""
    assert not check_equality(trace(RowMean), trace(ColumnMean), {}, {}, ()).passed
    assert not check_equality(trace(Masked), trace(Whole), {"lr": "lr"}, {}, ()).passed
