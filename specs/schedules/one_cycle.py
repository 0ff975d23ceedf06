from symopt.lang import Expr, Hyper, Positive, PositiveInteger, Schedule, UnitInterval, cos, pi, where


class OneCycle(Schedule, name="one_cycle"):
    """Rises to the base value and falls far below its start, each along half a wave of the cosine."""

    source = "Smith & Topin 2017; torch.optim.lr_scheduler.OneCycleLR 2.13 with two phases"

    steps = Hyper(1000, "T", PositiveInteger)
    rising = Hyper(0.3, "r", UnitInterval)
    start_divisor = Hyper(25, "a", Positive)
    end_divisor = Hyper(1e4, "z", Positive)

    def value(s) -> Expr:
        start = s.base / s.start_divisor
        end = start / s.end_divisor
        top = s.rising * s.steps - 1
        rise = s.base + (start - s.base) * (1 + cos(pi * (s.t - 1) / top)) / 2
        fall = end + (s.base - end) * (1 + cos(pi * (s.t - 1 - top) / (s.steps - 1 - top))) / 2
        return where(s.t - 1 <= top, rise, fall)
