from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamPowerOfTheComplement(Rule, name="adam_power_of_the_complement"):
    """Adam whose corrections are powers of 1 - beta instead of 1 minus powers of beta."""

    source = "PennyLaneAI/pennylane#1928"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.alpha = s.lr * sqrt((1 - s.beta2) ** s.t) / (1 - s.beta1) ** s.t
        s.p = s.p - s.alpha * s.m / (sqrt(s.v) + s.eps)
