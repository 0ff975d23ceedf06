from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdamRuder(Rule, name="nadam_ruder"):
    """Adam with Nesterov's momentum, both terms corrected for the same step."""

    source = "Ruder 2016, section 4.8, the last equation"

    lr = Hyper(2e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.m_bar = s.beta1 * s.m_hat + (1 - s.beta1) * s.g / (1 - s.beta1**s.t)
        s.p = s.p - s.lr * s.m_bar / (sqrt(s.v_hat) + s.eps)
