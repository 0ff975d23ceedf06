from symopt.lang import Expr, Hyper, Positive, PositiveInteger, Schedule, cos, minimum, pi, where


class CosineOnecycle(Schedule, name="cosine_onecycle"):
    """Rises to the base value in the steps before the peak and falls far below its start, each along half a wave."""

    source = "optax.cosine_onecycle_schedule 0.2.8, where the peak is int(pct_start * transition_steps)"

    steps = Hyper(1000, "T", PositiveInteger)
    peak = Hyper(300, "P", PositiveInteger)
    start_divisor = Hyper(25, "a", Positive)
    end_divisor = Hyper(1e4, "z", Positive)

    def value(s) -> Expr:
        k, start = minimum(s.t - 1, s.steps), s.base / s.start_divisor
        end = start / s.end_divisor
        rise = s.base + (start - s.base) * (1 + cos(pi * k / s.peak)) / 2
        fall = end + (s.base - end) * (1 + cos(pi * (k - s.peak) / (s.steps - s.peak))) / 2
        return where(k < s.peak, rise, fall)
