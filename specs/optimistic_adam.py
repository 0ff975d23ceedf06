from symopt.lang import Hyper, NonNegative, Option, Positive, Real, Rule, State, UnitInterval, ema, equal, sqrt, where


class OptimisticAdam(Rule, name="optimistic_adam"):
    """Adam's step extrapolated from the last one."""

    # optax's default adds Nesterov's momentum, which the paper does not have.
    source = "optax.optimistic_adam_v2 0.2.8; without nesterov: Daskalakis et al. 2018, Algorithm 1"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    alpha, beta = Hyper(1, r"\alpha", Real), Hyper(1, r"\beta", Real)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    nesterov = Option(True)
    m, v, u_prev = State(), State(), State(tex=r"u^{\mathrm{prev}}")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        if s.nesterov:
            s.m_hat = s.beta1 * s.m / (1 - s.beta1 ** (s.t + 1)) + (1 - s.beta1) * s.g / (1 - s.beta1**s.t)
        s.u = s.m_hat / (sqrt(s.v / (1 - s.beta2**s.t)) + s.eps)
        s.u_last = where(equal(s.t, 1), s.u, s.u_prev)
        s.u_prev = s.u
        s.p = s.p - s.lr * ((s.alpha + s.beta) * s.u - s.beta * s.u_last)
