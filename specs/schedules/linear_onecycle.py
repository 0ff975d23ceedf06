from symopt.lang import Expr, Hyper, Positive, PositiveInteger, Schedule, minimum, where


class LinearOnecycle(Schedule, name="linear_onecycle"):
    """Rises to the base value in the steps before the peak, returns until the foot, and falls, along lines."""

    source = (
        "optax.linear_onecycle_schedule 0.2.8, where the peak is int(pct_start * transition_steps) "
        "and the foot int(pct_final * transition_steps)"
    )

    steps = Hyper(1000, "T", PositiveInteger)
    peak = Hyper(300, "P", PositiveInteger)
    foot = Hyper(850, "F", PositiveInteger)
    start_divisor = Hyper(25, "a", Positive)
    end_divisor = Hyper(1e4, "z", Positive)

    def value(s) -> Expr:
        k, start = minimum(s.t - 1, s.steps), s.base / s.start_divisor
        end = start / s.end_divisor
        rise = start + (s.base - start) * k / s.peak
        back = start + (s.base - start) * (s.foot - k) / (s.foot - s.peak)
        fall = end + (start - end) * (s.steps - k) / (s.steps - s.foot)
        return where(k < s.peak, rise, where(k < s.foot, back, fall))
