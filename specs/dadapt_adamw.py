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


class DAdaptAdamW(Rule, name="dadapt_adamw"):
    """AdamW whose step size is a lower bound, for the whole model, of the distance to the solution."""

    source = "Defazio & Mishchenko 2023, Algorithm 5, as in their code; correct: optax.contrib.dadapt_adamw 0.2.8"

    lr = Hyper(1, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    d0 = Hyper(1e-6, "d_0", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    correct = Option(True)
    m, v, b, r = State(), State(), State(tex="s"), State()
    d = State(init="d0")

    def update(s) -> None:
        decay = sqrt(s.beta2)
        s.step = s.d * s.lr * (sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t) if s.correct else 1)
        s.r = ema(s.r, s.step * model_total(s.g * s.b / (sqrt(s.v) + s.eps)), decay)
        s.m = ema(s.m, s.step * s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.b = ema(s.b, s.step * s.g, decay)
        s.length = (1 - decay) * model_total(absolute(s.b))
        s.d = maximum(s.d, where(s.length > 0, s.r / s.length, 0))
        s.p = s.p - s.step * s.weight_decay * s.p - s.m / (sqrt(s.v) + s.eps)
