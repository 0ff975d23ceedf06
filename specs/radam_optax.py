from symopt.lang import Domain, Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt, where
from symopt.lang.domain import exact_number


class RAdamOptax(Rule, name="radam_optax"):
    """Rectified Adam with eps beside the corrected root, rectified from the threshold on."""

    source = "optax.radam 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    eps_root = Hyper(0, r"\bar\epsilon", NonNegative)
    threshold = Hyper(5, r"\rho_0", Domain(lower=exact_number(4)))  # below 4 there is no root
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.rho_inf = 2 / (1 - s.beta2) - 1
        s.rho = s.rho_inf - 2 * s.t * s.beta2**s.t / (1 - s.beta2**s.t)
        r = sqrt((s.rho - 4) * (s.rho - 2) * s.rho_inf / ((s.rho_inf - 4) * (s.rho_inf - 2) * s.rho))
        s.r = where(s.rho >= s.threshold, r, 0)
        s.u = where(s.rho >= s.threshold, s.r * s.m_hat / (sqrt(s.v_hat + s.eps_root) + s.eps), s.m_hat)
        s.p = s.p - s.lr * s.u
