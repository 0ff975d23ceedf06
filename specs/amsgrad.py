from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class AMSGrad(Rule):
    """Adam divided by the largest second moment so far, corrected after the maximum is taken."""

    source = "torch.optim.Adam 2.13 with amsgrad"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()
    x = State(tex=r"v^{\max}")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.x = maximum(s.x, s.v)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.x / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
