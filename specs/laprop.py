from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class LaProp(Rule):
    """Momentum of normalised gradients, where Adam normalises the momentum of gradients."""

    source = "Ziyin, Wang & Ueda 2020, Algorithm 1"

    lr = Hyper(4e-4, r"\lambda", NonNegative)
    beta1 = Hyper(0.9, r"\mu", UnitInterval)
    beta2 = Hyper(0.999, r"\nu", UnitInterval)
    eps = Hyper(1e-15, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.beta2)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.m = ema(s.m, s.g / (sqrt(s.v_hat) + s.eps), s.beta1)
        s.p = s.p - s.lr * s.m / (1 - s.beta1**s.t)
