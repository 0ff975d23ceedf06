from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, ema, maximum, mean, minimum, rms, sqrt


class Adafactor(Rule):
    """RMSProp on means of rows and columns, with clipped steps in proportion to the parameter."""

    # The paper has sums of rows and columns, in whose quotient their numbers cancel, and no decay.
    source = "Shazeer & Stern 2018, Algorithm 4 (factored) and 5; keras.optimizers.Adafactor 3.15"

    lr = Hyper(1e-2, r"\rho", NonNegative)
    tau = Hyper(0.8, r"\tau", NonNegative)
    eps1 = Hyper(1e-30, r"\epsilon_1", Positive)
    eps2 = Hyper(1e-3, r"\epsilon_2", Positive)
    d = Hyper(1, "d", Positive)
    factored, decay = Option(True), Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    v, c = State(), State(when="factored")

    def update(s) -> None:
        if s.decay:
            s.p = s.p - s.lr * s.weight_decay * s.p
        s.alpha = maximum(s.eps2, rms(s.p)) * minimum(s.lr, 1 / sqrt(s.t))
        s.beta2 = 1 - s.t**-s.tau
        s.q = s.g**2 + s.eps1
        s.v = ema(s.v, mean(s.q, axis=1) if s.factored else s.q, s.beta2)
        if s.factored:
            s.c = ema(s.c, mean(s.q, axis=0), s.beta2)
        # The roots one by one: where a gradient is zero, the product v*c underflows in float32.
        s.u = s.g / (sqrt(s.v / mean(s.v)) * sqrt(s.c) if s.factored else sqrt(s.v))
        s.p = s.p - s.alpha * s.u / maximum(1, rms(s.u) / s.d)
