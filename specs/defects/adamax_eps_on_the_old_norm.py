from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, absolute, ema, maximum


class AdamaxEpsOnTheOldNorm(Rule, name="adamax_eps_on_the_old_norm"):
    """Adamax whose eps is added to the decayed norm instead of to the new gradient."""

    source = "PaddlePaddle/Paddle#36712"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, u = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.u = maximum(s.beta2 * s.u + s.eps, absolute(s.g))
        s.alpha = s.lr / (1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.m / s.u
