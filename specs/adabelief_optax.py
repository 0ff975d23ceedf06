from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class AdaBeliefOptax(Rule, name="adabelief_optax"):
    """AdaBelief with a second eps that is added into the state at every step."""

    source = "optax.adabelief 0.2.8; with eps_root = eps: Zhuang et al. 2020, Algorithm 2; pytorch_optimizer 4.1.0"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-16, r"\epsilon", Positive)
    eps_root = Hyper(1e-16, r"\bar\epsilon", NonNegative)
    nesterov = Option(False)
    m, v = State(), State(tex="s")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, (s.g - s.m) ** 2, s.beta2) + s.eps_root
        s.m_hat = s.m / (1 - s.beta1**s.t)
        if s.nesterov:
            s.m_hat = s.beta1 * s.m / (1 - s.beta1 ** (s.t + 1)) + (1 - s.beta1) * s.g / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
