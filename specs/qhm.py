from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema


class QHM(Rule):
    """Quasi-hyperbolic momentum: the average of a momentum step and a plain gradient step."""

    source = "Ma & Yarats 2019, equations (3) and (4)"

    lr = Hyper(1, r"\gamma", NonNegative)
    mu = Hyper(0.999, r"\mu", UnitInterval)
    nu = Hyper(0.7, r"\nu", NonNegative)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.p = s.p - s.lr * ((1 - s.nu) * s.g + s.nu * s.b)
