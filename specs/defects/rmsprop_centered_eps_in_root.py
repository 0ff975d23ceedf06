from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropCenteredEpsInRoot(Rule, name="rmsprop_centered_eps_in_root"):
    """Centered RMSProp with eps under the root instead of beside it."""

    source = "CanReader/FastNN#12"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.99, r"\rho", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    v, a = State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.a = ema(s.a, s.g, s.rho)
        s.variance = s.v - s.a**2
        s.p = s.p - s.lr * s.g / sqrt(s.variance + s.eps)
