from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, sign


class Signum(Rule):
    """Steps of one length along the sign of the averaged gradient."""

    source = "Bernstein et al. 2018, Algorithm 2"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.p = s.p - s.lr * sign(s.b)
