from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropGravesBrackets(Rule, name="rmsprop_graves_brackets"):
    """Graves's RMSProp with a bracket in the wrong place: eps and the decay are added to the step."""

    source = "apache/mxnet#5043"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.99, r"\rho", UnitInterval)
    mu = Hyper(0.9, r"\mu", NonNegative)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    v, a, d = State(), State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.a = ema(s.a, s.g, s.rho)
        s.d = s.mu * s.d - s.lr * (s.g / sqrt(s.v - s.a**2) + s.eps) + s.weight_decay * s.p
        s.p = s.p + s.d
