from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class Adadelta(Rule):
    """Steps in the units of the parameter: the root mean square of past steps over that of gradients."""

    source = "Zeiler 2012, Algorithm 1; torch.optim.Adadelta 2.13"

    lr = Hyper(1, r"\gamma", NonNegative)
    rho = Hyper(0.9, r"\rho", UnitInterval)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    l2 = Option(False)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    v, a = State(), State()

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.v = ema(s.v, g**2, s.rho)
        s.d = sqrt(s.a + s.eps) / sqrt(s.v + s.eps) * g
        s.a = ema(s.a, s.d**2, s.rho)
        s.p = s.p - s.lr * s.d
