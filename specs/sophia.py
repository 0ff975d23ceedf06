from symopt.lang import (
    Hyper,
    NonNegative,
    Positive,
    PositiveInteger,
    Rule,
    State,
    UnitInterval,
    clip,
    ema,
    every,
    maximum,
    where,
)


class Sophia(Rule):
    """Momentum divided by an average of estimates of the second derivative, clipped in every element."""

    # The published version clips at 1 and multiplies h by a hyper-parameter of its own.
    source = "Liu et al. 2023, version 1, Algorithm 3; defaults of pytorch_optimizer.SophiaH 4.1.0"

    lr = Hyper(6e-2, r"\eta", NonNegative)
    beta1 = Hyper(0.96, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.99, r"\beta_2", UnitInterval)
    rho = Hyper(1e-2, r"\rho", NonNegative)
    eps = Hyper(1e-12, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    period = Hyper(10, "k", PositiveInteger)
    m, h = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        # The estimate is read in the first step and in every k-th after it.
        s.h = where(every(s.t - 1, s.period), ema(s.h, s.hessian, s.beta2), s.h)
        s.u = clip(s.m / maximum(s.h, s.eps), -s.rho, s.rho)
        s.p = s.p - s.lr * (s.u + s.weight_decay * s.p)
