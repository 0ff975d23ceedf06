from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class AMSGradMaximumOfCorrected(Rule, name="amsgrad_maximum_of_corrected"):
    """AMSGrad that takes the maximum of corrected moments."""

    source = "google-deepmind/optax#1389"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()
    x = State(tex=r"v^{\max}")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.x = maximum(s.x, s.v_hat)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.x) + s.eps)
