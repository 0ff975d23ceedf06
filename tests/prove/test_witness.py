from fractions import Fraction as F

import pytest

from symopt.catalogue import resolve
from symopt.lang import Hyper, NonNegative, Rule, State, mean, norm, total, where
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.witness import find_witness


def witness(left: str, right: str, varying: tuple[str, ...] = ()):
    return find_witness(trace(resolve(left)), trace(resolve(right)), varying, Deadline.after(5))


def test_a_witness_is_rational_where_one_is_near() -> None:
    found, _ = witness("adam_tf", "adam")
    assert found.rational
    assert found.step == 1
    h, g = found.hyper, found.grads[0]
    m, v = (1 - h["beta1"]) * g, (1 - h["beta2"]) * g**2
    root, correction = F(1, 10), F(1, 10)  # of v and of 1 - beta2 at the sample that is found
    assert (root**2, correction**2) == (v, 1 - h["beta2"])
    assert found.left == found.theta - h["lr"] * correction / (1 - h["beta1"]) * m / (root + h["eps"])
    assert found.right == found.theta - h["lr"] * g / (abs(g) + h["eps"])


def test_the_first_step_at_which_it_shows_is_found() -> None:
    """The two maxima of AMSGrad agree at step 1 whatever the hyper-parameters."""
    found, _ = witness("amsgrad", "amsgrad_optax")
    assert found.step == 2


def test_values_lie_in_their_domains_and_zero_is_tried() -> None:
    class Zero(Rule, name="zero"):
        """Differs from gradient descent at a zero gradient alone."""

        lr = Hyper(0.1, domain=NonNegative)

        def update(s) -> None:
            from symopt.lang import equal

            s.p = s.p - s.lr * where(equal(s.g, 0), 1, s.g)

    verdict = compare(Zero, "sgd")
    assert verdict.verdict == "different"
    assert verdict.witness.grads[-1] == 0
    assert verdict.witness.hyper["lr"] > 0


def test_rules_that_agree_agree_on_every_run() -> None:
    found, agreed = witness("heavy_ball", "polyak")
    assert found is None
    assert agreed == 21


class ByTotal(Rule, name="by_total"):
    """Divides by the sum over the tensor."""

    lr = Hyper(0.1, domain=NonNegative)
    m = State()

    def update(s) -> None:
        s.m = s.m + s.g
        s.p = s.p - s.lr * s.m / (1 + norm(s.m) + total(s.m**2))


class ByTotalAgain(Rule, name="by_total_again"):
    """The same, with the square written out."""

    lr = Hyper(0.1, domain=NonNegative)
    b = State()

    def update(s) -> None:
        s.b = s.g + s.b
        s.p = s.p - s.b * s.lr / (total(s.b * s.b) + 1 + norm(s.b))


class ByMean(Rule, name="by_mean"):
    """Divides by the mean instead."""

    lr = Hyper(0.1, domain=NonNegative)
    m = State()

    def update(s) -> None:
        s.m = s.m + s.g
        s.p = s.p - s.lr * s.m / (1 + norm(s.m) + mean(s.m**2))


def test_reductions_are_tried_on_a_vector_since_one_number_does_not_tell_them_apart() -> None:
    verdict = compare(ByTotal, ByMean)
    assert verdict.verdict == "different"
    assert verdict.scope == "shape (2)"
    assert len(verdict.to_json()["witness"]["theta"]) == 2
    assert compare(ByTotal, ByTotalAgain).verdict == "equal"


@pytest.mark.parametrize(
    ("left", "right", "cause"),
    [
        ("rmsprop", "rmsprop_tf[v0=0]", "eps is added under the root on the right and outside it on the left."),
        ("nag", "heavy_ball", "The gradient is asked for at different points"),
        ("sgd", "adam", "The correction by beta1**t, beta2**t on the right is missing on the left."),
        ("adam_l2", "adamw", "On the left the parameter enters the gradient and with it the state m, v"),
        ("lion", "signum", "In m (b on the right) the left has beta2*m + g*(1 - beta2) where the right has"),
    ],
)
def test_the_cause_is_read_from_the_structure(left: str, right: str, cause: str) -> None:
    assert compare(left, right).cause.startswith(cause)


def test_the_difference_is_an_expression_over_the_first_step() -> None:
    verdict = compare("adam_l2", "adamw")
    h, theta, g = verdict.witness.hyper, verdict.witness.theta, verdict.witness.grads[0]
    value = eval(verdict.difference, {}, {**h, "p": theta, "g": g, "sqrt": lambda x: x ** F(1, 2)})
    assert value == verdict.witness.left - verdict.witness.right


@pytest.mark.parametrize(
    ("special", "first_step"),
    [("equal(s.t, 40)", 40), ("s.g > 1000", 1), ("s.p > 77", 1), ("s.g < -500", 1)],
)
def test_both_sides_of_a_number_that_a_rule_compares_with_are_tried(tmp_path, special: str, first_step: int) -> None:
    (tmp_path / "special.py").write_text(
        "from symopt.lang import Hyper, NonNegative, Rule, equal, where\n\n\n"
        "class Special(Rule):\n"
        "    lr = Hyper(0.1, domain=NonNegative)\n\n"
        "    def update(s) -> None:\n"
        f"        s.p = s.p - where({special}, 2, 1) * s.lr * s.g\n"
    )
    verdict = compare("sgd", str(tmp_path / "special.py"))
    assert (verdict.verdict, verdict.first_step) == ("different", first_step)
