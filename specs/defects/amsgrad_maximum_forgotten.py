from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class AMSGradMaximumForgotten(Rule, name="amsgrad_maximum_forgotten"):
    """AMSGrad whose maximum is never kept: every step takes it with the zero that it starts from."""

    source = "pytorch/pytorch#78807"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.largest = maximum(0, s.v)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.largest / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
