from symopt.lang import Expr, Hyper, NonNegative, Option, Part, Positive, State, UnitInterval, ema, sqrt


class RMSDirection(Part, name="rms_direction"):
    """The direction over the root of the mean square, or with centered the variance, of the directions so far."""

    source = "optax.scale_by_rms and, centered, optax.scale_by_stddev 0.2.8"

    rho = Hyper(0.9, r"\rho", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    v0 = Hyper(0, "v_0", NonNegative)
    eps_in_sqrt = Option(True)
    correct = Option(False)
    centered = Option(False)
    v = State(init="v0")
    a = State(when="centered")

    def direction(s, u: Expr) -> Expr:
        s.v = ema(s.v, u**2, s.rho)
        c = 1 - s.rho**s.t if s.correct else 1
        variance = s.v / c
        if s.centered:
            s.a = ema(s.a, u, s.rho)
            variance = variance - (s.a / c) ** 2
        return u / (sqrt(variance + s.eps) if s.eps_in_sqrt else sqrt(variance) + s.eps)
