from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema


class MomentumEMA(Rule, name="momentum_ema"):
    """Gradient descent along the exponential moving average of the gradients."""

    source = "Ng, Deep Learning Specialization, course 2, week 2: gradient descent with momentum"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    m = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.mu)
        s.p = s.p - s.lr * s.m
