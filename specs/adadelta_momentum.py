from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdadeltaMomentum(Rule, name="adadelta_momentum"):
    """Adadelta with momentum, whose average of squared steps takes the steps with their momentum."""

    source = "climin.Adadelta 0.1"

    lr = Hyper(1, r"\gamma", NonNegative)
    rho = Hyper(0.9, r"\rho", UnitInterval)
    mu = Hyper(0, r"\mu", NonNegative)
    eps = Hyper(1e-4, r"\epsilon", Positive)
    v, a, b = State(), State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.d = s.lr * s.g * sqrt(s.a + s.eps) / sqrt(s.v + s.eps)
        s.b = s.mu * s.b + s.d
        s.a = ema(s.a, s.b**2, s.rho)
        s.p = s.p - s.b
