from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropGraves(Rule, name="rmsprop_graves"):
    """Centered RMSProp with momentum and L2 after the division, as Graves trained his networks."""

    source = "Graves 2013, equations (38)-(45), with eps outside the root and decay in the momentum"

    lr = Hyper(1e-4, r"\gamma", NonNegative)
    rho = Hyper(0.95, r"\rho", UnitInterval)
    mu = Hyper(0.9, r"\mu", NonNegative)
    eps = Hyper(1e-4, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    v, a, d = State(), State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.a = ema(s.a, s.g, s.rho)
        s.u = s.g / (sqrt(s.v - s.a**2) + s.eps)
        s.d = s.mu * s.d - s.lr * (s.u + s.weight_decay * s.p)
        s.p = s.p + s.d
