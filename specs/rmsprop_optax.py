from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropOptax(Rule, name="rmsprop_optax"):
    """RMSProp with the choices that its forms differ in; the learning rate is inside the momentum buffer."""

    source = "optax.rmsprop 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.9, r"\rho", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    v0 = Hyper(0, r"v_0", NonNegative)
    eps_in_sqrt, centered, momentum = Option(True), Option(False), Option(False)
    # With both, the first step of optax divides by the rounding error of g**2 - g**2.
    debias = Option(False, excludes="centered")
    nesterov = Option(False, needs="momentum")
    mu = Hyper(0.9, r"\mu", NonNegative, when="momentum")
    v, a, b = State(init="v0"), State(when="centered"), State(when="momentum")

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        v = s.v / (1 - s.rho**s.t) if s.debias else s.v
        if s.centered:
            s.a = ema(s.a, s.g, s.rho)
            v = s.v - s.a**2
        s.u = s.lr * s.g / (sqrt(v + s.eps) if s.eps_in_sqrt else sqrt(v) + s.eps)
        if s.momentum:
            s.b = s.mu * s.b + s.u
        s.p = s.p - (s.mu * s.b + s.u if s.nesterov else s.b if s.momentum else s.u)
