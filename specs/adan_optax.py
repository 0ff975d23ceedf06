from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, equal, sqrt, where


class AdanOptax(Rule, name="adan_optax"):
    """Adan whose differences count 1 - beta2 in the step, where the authors' code has beta2."""

    source = "optax.adan 0.2.8"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    beta1 = Hyper(0.98, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.92, r"\beta_2", UnitInterval)
    beta3 = Hyper(0.99, r"\beta_3", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    eps_root = Hyper(1e-8, r"\bar\epsilon", NonNegative)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    m, v, n = State(), State(), State()
    g_prev = State(tex=r"g^{\mathrm{prev}}")

    def update(s) -> None:
        s.d = where(equal(s.t, 1), 0, s.g - s.g_prev)
        s.g_prev = s.g
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.d, s.beta2)
        s.n = ema(s.n, (s.g + (1 - s.beta2) * s.d) ** 2, s.beta3)
        s.m_hat = s.m / (1 - s.beta1**s.t) + (1 - s.beta2) * s.v / (1 - s.beta2**s.t)
        s.n_hat = s.n / (1 - s.beta3**s.t)
        s.p = s.p - s.lr * (s.m_hat / (sqrt(s.n_hat + s.eps_root) + s.eps) + s.weight_decay * s.p)
