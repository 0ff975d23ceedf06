from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdadeltaRateOnMomentum(Rule, name="adadelta_rate_on_momentum"):
    """Adadelta with momentum whose remembered step is scaled by the rate again."""

    source = "BRML/climin#29"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.99, r"\rho", UnitInterval)
    mu = Hyper(0.9, r"\mu", NonNegative)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    v, a, b = State(), State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.d = s.lr * s.g * sqrt(s.a + s.eps) / sqrt(s.v + s.eps)
        s.b = s.lr * s.mu * s.b + s.d
        s.a = ema(s.a, s.b**2, s.rho)
        s.p = s.p - s.b
