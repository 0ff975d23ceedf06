from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, sign


class Lion(Rule):
    """Steps along the sign of one average of the gradients, with another one remembered."""

    source = "Chen et al. 2023, Algorithm 2"

    lr = Hyper(1e-4, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.99, r"\beta_2", UnitInterval)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    m = State()

    def update(s) -> None:
        s.u = sign(ema(s.m, s.g, s.beta1))
        s.m = ema(s.m, s.g, s.beta2)
        s.p = s.p - s.lr * (s.u + s.weight_decay * s.p)
