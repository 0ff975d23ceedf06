from symopt.lang import (
    Hyper,
    NonNegative,
    Positive,
    Rule,
    State,
    UnitInterval,
    equal,
    maximum,
    model_norm,
    model_total,
    where,
)  # fmt: skip


class DAdaptSGD(Rule, name="dadapt_sgd"):
    """Dual averaging whose step size is a lower bound, for the whole model, of the distance to the solution."""

    source = "Defazio & Mishchenko 2023, Algorithm 4; DAdaptSGD of pytorch_optimizer 4.1.0"

    lr = Hyper(1, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    d0 = Hyper(1e-6, "d_0", Positive)
    b, r, g0 = State(tex="s"), State(), State(tex=r"\|g_0\|")
    d = State(init="d0")
    p0 = State(init="p", tex=r"\theta_0")

    def update(s) -> None:
        # The norm of the first gradient that is not zero; before it there is no step.
        s.g0 = where(equal(s.g0, 0), model_norm(s.g), s.g0)
        s.step = where(equal(s.g0, 0), 0, s.d * s.lr / s.g0)
        s.r = s.r + s.step * model_total(s.g * s.b)
        s.b = s.b + s.step * s.g
        s.length = model_norm(s.b)
        s.d = maximum(s.d, where(s.length > 0, 2 * s.r / s.length, 0))
        s.p0 = s.p0
        s.p = s.mu * s.p + (1 - s.mu) * (s.p0 - s.b)
