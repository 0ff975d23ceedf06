from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt, where


class RAdamCorrectedInPlace(Rule, name="radam_corrected_in_place"):
    """RAdam that corrects its average in place, so that the next step starts from the corrected one."""

    source = "frgfm/holocron#1"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m = s.m / (1 - s.beta1**s.t)
        s.rho_inf = 2 / (1 - s.beta2) - 1
        s.rho = s.rho_inf - 2 * s.t * s.beta2**s.t / (1 - s.beta2**s.t)
        r = sqrt((s.rho - 4) * (s.rho - 2) * s.rho_inf / ((s.rho_inf - 4) * (s.rho_inf - 2) * s.rho))
        s.r = where(s.rho > 5, r, 0)
        s.scale = where(s.rho > 5, s.r * sqrt(1 - s.beta2**s.t) / (sqrt(s.v) + s.eps), 1)
        s.p = s.p - s.lr * s.m * s.scale
