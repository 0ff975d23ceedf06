from symopt.lang import (
    Hyper,
    NonNegative,
    Real,
    Rule,
    State,
    UnitInterval,
    ema,
    equal,
    maximum,
    minimum,
    model_total,
    where,
)  # fmt: skip


class MoMo(Rule):
    """Averaged momentum whose step is at most lr and ends where a model of the loss meets its lower bound."""

    source = "optax.contrib.momo 0.2.8; Schaipp et al. 2024, Algorithm 1"

    lr = Hyper(1, r"\alpha", NonNegative)
    beta = Hyper(0.9, r"\beta", UnitInterval)
    f_min = Hyper(0, r"f_\star", Real)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    m, f, q = State(), State(tex=r"\bar f"), State(tex=r"\gamma")

    def update(s) -> None:
        # The averages start with the first gradient and the first loss.
        s.decay = where(equal(s.t, 1), 0, s.beta)
        s.f = ema(s.f, s.loss, s.decay)
        s.m = ema(s.m, s.g, s.decay)
        s.q = ema(s.q, model_total(s.g * s.p), s.decay)
        s.shrink = 1 + s.lr * s.weight_decay
        s.gap = maximum(s.shrink * (s.f - s.f_min - s.q) + model_total(s.m * s.p), 0)
        s.square = model_total(s.m**2)
        # Below the rounding unit of a double the mean counts as zero.
        s.step = minimum(s.lr, where(s.square <= 2.220446049250313e-16, 0, s.gap / s.square))
        s.p = s.p - s.lr * s.weight_decay / s.shrink * s.p - s.step * s.m
