from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class Adam(Rule):
    """Steps along the corrected mean of the gradients over the root of their corrected mean square."""

    source = "Kingma & Ba 2015, Algorithm 1; torch.optim.Adam 2.13"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    l2 = Option(False)
    amsgrad = Option(False)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    m, v = State(), State()
    v_max = State(tex=r"v^{\max}", when="amsgrad")

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.m = ema(s.m, g, s.beta1)
        s.v = ema(s.v, g**2, s.beta2)
        if s.amsgrad:
            s.v_max = maximum(s.v_max, s.v)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = (s.v_max if s.amsgrad else s.v) / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
