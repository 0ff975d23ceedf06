from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, absolute, ema, maximum


class AdamaxPaper(Rule, name="adamax_paper"):
    """Adam in the infinity norm as published; undefined until the first gradient that is not zero."""

    source = "Kingma & Ba 2015, Algorithm 2"

    lr = Hyper(2e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    m, u = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.u = maximum(s.beta2 * s.u, absolute(s.g))
        s.alpha = s.lr / (1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.m / s.u
