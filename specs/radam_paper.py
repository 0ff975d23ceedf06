from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, sqrt, where


class RAdamPaper(Rule, name="radam_paper"):
    """Rectified Adam as published: the second moment is used as soon as rho > 4, and there is no eps."""

    source = "Liu et al. 2020, Algorithm 2"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    m, v = State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m = ema(s.m, s.g, s.beta1)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.rho_inf = 2 / (1 - s.beta2) - 1
        s.rho = s.rho_inf - 2 * s.t * s.beta2**s.t / (1 - s.beta2**s.t)
        # Of no use below the threshold, and there it may be the root of a negative number.
        r = sqrt((s.rho - 4) * (s.rho - 2) * s.rho_inf / ((s.rho_inf - 4) * (s.rho_inf - 2) * s.rho))
        s.r = where(s.rho > 4, r, 0)
        s.scale = where(s.rho > 4, s.r * sqrt((1 - s.beta2**s.t) / s.v), 1)
        s.p = s.p - s.lr * s.m_hat * s.scale
