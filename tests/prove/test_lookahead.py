from fractions import Fraction as F

from symopt.catalogue import resolve
from symopt.ir.evaluate import evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.lookahead import shifted


def test_a_rule_in_its_look_ahead_point_asks_at_the_points_of_the_original() -> None:
    """Nesterov's method by hand in fractions; the shifted rule's parameters are the points it asks at."""
    lr, mu, grads = F(1, 10), F(3, 4), [F(1), F(-2), F(1, 3), F(5)]
    p = previous = F(2)
    points = []
    for g in grads:
        y = p + mu * (p - previous)
        points.append(y)
        p, previous = y - lr * g, p
    moved = shifted(trace(resolve("nag")), Deadline.after(5)).trace
    q, state, asked = F(2), F(2), []
    for t, g in enumerate(grads, 1):
        asked.append(q)
        values = evaluate_step(
            moved, {"lr": lr, "mu": mu, "t": F(t), "p": q, "g": g, "p_prev": state}, ScalarArithmetic()
        )  # fmt: skip
        q, state = values[moved.results["p"]], values[moved.results["p_prev"]]
    assert asked == points


def test_a_rule_that_asks_at_its_parameter_is_not_shifted() -> None:
    assert shifted(trace(resolve("heavy_ball")), Deadline.after(5)) is None


def test_the_forms_of_nesterov_are_one_rule_in_two_variables() -> None:
    said = "equal where the parameter of the {} is read at the point of its gradient, mu*(p - p_prev) + p"
    for option in ("sgd[momentum=True,nesterov=True]", "momentum_velocity[nesterov=True]"):
        assert said.format("left") in compare("nag", option).conditions
        assert said.format("right") in compare(option, "nag").conditions
    assert not any("point of its gradient" in c for c in compare("nag", "heavy_ball").conditions)
