from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, absolute, ema, maximum


class Adamax(Rule):
    """Adam with a decaying maximum in place of the root mean square; eps is added inside the maximum."""

    source = "torch.optim.Adamax 2.13"

    lr = Hyper(2e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    l2 = Option(False)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    m, u = State(), State()

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.m = ema(s.m, g, s.beta1)
        s.u = maximum(s.beta2 * s.u, absolute(g) + s.eps)
        s.alpha = s.lr / (1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.m / s.u
