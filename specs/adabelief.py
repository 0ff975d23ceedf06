from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdaBelief(Rule):
    """Adam that divides by how far each gradient was from the average, not by how large it was."""

    # The paper's main text adds eps into the state instead, as does its code: that form is adabelief_optax.
    source = "Zhuang et al. 2020, the algorithm of the appendix, with eps added to s before its correction"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State(tex="s")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, (s.g - s.m) ** 2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = (s.v + s.eps) / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
