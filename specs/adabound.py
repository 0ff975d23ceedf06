from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, clip, ema, maximum, sqrt


class AdaBound(Rule):
    """Adam whose step size is clipped into bounds that close in on that of plain momentum."""

    # Their Algorithm 2 has neither corrections nor eps and divides the step by sqrt(t); their code multiplies
    # final_lr by lr over the first lr.
    source = "the code of Luo et al. 2019 while lr is constant; amsgrad: AMSBound"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    final_lr = Hyper(0.1, r"\alpha^*", NonNegative)
    gamma = Hyper(1e-3, r"\gamma", Positive)
    amsgrad = Option(False)
    m, v = State(), State()
    v_max = State(tex=r"v^{\max}", when="amsgrad")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        if s.amsgrad:
            s.v_max = maximum(s.v_max, s.v)
        s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t)
        s.lower = s.final_lr * (1 - 1 / (s.gamma * s.t + 1))
        s.upper = s.final_lr * (1 + 1 / (s.gamma * s.t))
        s.eta = clip(s.alpha / (sqrt(s.v_max if s.amsgrad else s.v) + s.eps), s.lower, s.upper)
        s.p = s.p - s.eta * s.m
