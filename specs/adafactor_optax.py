from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, maximum, mean, rms, sqrt


class AdafactorOptax(Rule, name="adafactor_optax"):
    """Adafactor with any lr, an average of its steps on demand, and a decay that is not multiplied by lr."""

    source = "optax.adafactor 0.2.8"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    tau = Hyper(0.8, r"\tau", NonNegative)
    eps1 = Hyper(1e-30, r"\epsilon_1", Positive)
    eps2 = Hyper(1e-3, r"\epsilon_2", Positive)
    d = Hyper(1, "d", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    factored, momentum = Option(True), Option(False)
    mu = Hyper(0.9, r"\mu", UnitInterval, when="momentum")
    v, c, m = State(), State(when="factored"), State(when="momentum")

    def update(s) -> None:
        s.beta2 = 1 - s.t**-s.tau
        s.q = s.g**2 + s.eps1
        s.v = ema(s.v, mean(s.q, axis=1) if s.factored else s.q, s.beta2)
        if s.factored:
            s.c = ema(s.c, mean(s.q, axis=0), s.beta2)
        # The roots one by one: where a gradient is zero, the product v*c underflows in float32.
        s.u = s.g / (sqrt(s.v / mean(s.v)) * sqrt(s.c) if s.factored else sqrt(s.v))
        s.delta = s.lr * maximum(s.eps2, rms(s.p)) * s.u / maximum(1, rms(s.u) / s.d)
        if s.momentum:
            s.m = ema(s.m, s.delta, s.mu)
        s.p = s.p - s.weight_decay * s.p - (s.m if s.momentum else s.delta)
