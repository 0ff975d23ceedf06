from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt, where


class RAdam(Rule):
    """Adam whose first steps do without the second moment, until enough gradients were seen to estimate it."""

    source = "torch.optim.RAdam 2.13; the code of Liu et al. 2020 tests rho >= 5"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    decay = Option(False)
    l2 = Option(False, needs="decay")
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="decay")
    m, v = State(), State()

    def update(s) -> None:
        g, decay = s.g, 0
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        elif s.decay:
            decay = s.lr * s.weight_decay * s.p
        s.m = ema(s.m, g, s.beta1)
        s.v = ema(s.v, g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.rho_inf = 2 / (1 - s.beta2) - 1
        s.rho = s.rho_inf - 2 * s.t * s.beta2**s.t / (1 - s.beta2**s.t)
        # Of no use below the threshold, and there it may be the root of a negative number.
        r = sqrt((s.rho - 4) * (s.rho - 2) * s.rho_inf / ((s.rho_inf - 4) * (s.rho_inf - 2) * s.rho))
        s.r = where(s.rho > 5, r, 0)
        s.scale = where(s.rho > 5, s.r * sqrt(1 - s.beta2**s.t) / (sqrt(s.v) + s.eps), 1)
        s.p = s.p - decay - s.lr * s.m_hat * s.scale
