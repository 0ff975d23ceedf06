from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, absolute, ema, exp, sqrt


class DiffGrad(Rule):
    """Adam with a friction that slows each element down where its gradient does not change."""

    source = "Dubey et al. 2020, section III; their code and pytorch_optimizer 4.1.0 add eps before the correction"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()
    g_prev = State(tex=r"g^{\mathrm{prev}}")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.xi = 1 / (1 + exp(-absolute(s.g_prev - s.g)))
        s.g_prev = s.g
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.xi * s.m_hat / (sqrt(s.v_hat) + s.eps)
