from symopt.lang import (
    Hyper,
    NonNegative,
    Option,
    Positive,
    Rule,
    State,
    UnitInterval,
    absolute,
    ema,
    maximum,
    model_total,
    sqrt,
    where,
)  # fmt: skip


class Prodigy(Rule):
    """AdamW whose step size is an estimate, for the whole model, of the distance to the solution."""

    source = "Mishchenko & Defazio 2023, Algorithm 4, as in their code prodigyopt; correct: optax.contrib.prodigy 0.2.8"

    lr, d_coef = Hyper(1, r"\gamma", NonNegative), Hyper(1, "c", Positive)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    d0 = Hyper(1e-6, "d_0", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    correct, safeguard = Option(False), Option(False)
    m, v, b, r, d = State(), State(), State(tex="s"), State(), State(init="d0")
    p0 = State(init="p", tex=r"\theta_0")

    def update(s) -> None:
        s.step = s.d * s.lr * (sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t) if s.correct else 1)
        s.r = sqrt(s.beta2) * s.r + s.d / s.d0 * s.step * model_total(s.g * (s.p0 - s.p))
        s.m, s.v, s.p0 = ema(s.m, s.d * s.g, s.beta1), ema(s.v, (s.d * s.g) ** 2, s.beta2), s.p0
        s.b = sqrt(s.beta2) * s.b + s.d / s.d0 * (s.d if s.safeguard else s.step) * s.g
        s.length = model_total(absolute(s.b))
        s.d = maximum(s.d, where(s.length > 0, s.d_coef * s.r / s.length, 0))
        s.p = s.p - s.step * s.weight_decay * s.p - s.step * s.m / (sqrt(s.v) + s.d * s.eps)
