from symopt.lang import Expr, Hyper, NonNegative, Option, Positive, PositiveInteger, Schedule, floor, maximum, where


class WarmupExponential(Schedule, name="warmup_exponential"):
    """Grows linearly to the base value, then is multiplied by a factor over every so many steps."""

    source = "optax.warmup_exponential_decay_schedule 0.2.8"

    warmup = Hyper(100, "W", PositiveInteger)
    start = Hyper(0, r"\kappa_0", NonNegative)
    steps = Hyper(1000, "T", PositiveInteger)
    factor = Hyper(0.96, r"\kappa", Positive)
    staircase = Option(False)

    def value(s) -> Expr:
        k = s.t - 1
        periods = maximum(k - s.warmup, 0) / s.steps
        rise = s.start + (1 - s.start) * k / s.warmup
        return s.base * where(k < s.warmup, rise, s.factor ** (floor(periods) if s.staircase else periods))
