from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropTF(Rule, name="rmsprop_tf"):
    """RMSProp with eps inside the root and the learning rate inside the momentum buffer."""

    source = "keras.optimizers.RMSprop 3.15; with v0 = 1: tf.compat.v1.train.RMSPropOptimizer"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.9, r"\rho", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    v0 = Hyper(0, r"v_0", NonNegative)
    centered = Option(False)
    momentum = Option(False)
    mu = Hyper(0.9, r"\mu", NonNegative, when="momentum")
    v = State(init="v0")
    a = State(when="centered")
    b = State(when="momentum")

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        v = s.v
        if s.centered:
            s.a = ema(s.a, s.g, s.rho)
            s.variance = s.v - s.a**2
            v = s.variance
        s.u = s.lr * s.g / sqrt(v + s.eps)
        if s.momentum:
            s.b = s.mu * s.b + s.u
        s.p = s.p - (s.b if s.momentum else s.u)
