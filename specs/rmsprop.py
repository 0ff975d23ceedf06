from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSProp(Rule):
    """Steps divided by the root of the moving average of squared gradients, with eps outside the root."""

    source = "torch.optim.RMSprop 2.13; Tieleman & Hinton 2012, lecture 6e; centered: Graves 2013, equations (38)-(45)"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    rho = Hyper(0.99, r"\rho", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    centered = Option(False)
    momentum = Option(False)
    l2 = Option(False)
    mu = Hyper(0.9, r"\mu", NonNegative, when="momentum")
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    v = State()
    a = State(when="centered")
    b = State(when="momentum")

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.v = ema(s.v, g**2, s.rho)
        v = s.v
        if s.centered:
            s.a = ema(s.a, g, s.rho)
            s.variance = s.v - s.a**2
            v = s.variance
        s.u = g / (sqrt(v) + s.eps)
        if s.momentum:
            s.b = s.mu * s.b + s.u
        s.p = s.p - s.lr * (s.b if s.momentum else s.u)
