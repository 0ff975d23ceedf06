from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, maximum, sqrt


class AMSGradPaper(Rule, name="amsgrad_paper"):
    """Adam without bias correction, divided by the largest second moment so far."""

    source = "Reddi, Kale & Kumar 2018, Algorithm 2, with eps added to the root as in practice (0 in the paper)"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", NonNegative)
    m, v = State(), State()
    x = State(tex=r"\hat v")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.x = maximum(s.x, s.v)
        s.p = s.p - s.lr * s.m / (sqrt(s.x) + s.eps)
