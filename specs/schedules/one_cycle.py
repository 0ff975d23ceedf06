from symopt.lang import Expr, Hyper, Option, Positive, PositiveInteger, Schedule, UnitInterval, cos, minimum, pi, where


class OneCycle(Schedule, name="one_cycle"):
    """Rises to the base value and falls far below its start, in two or three phases, along waves or lines."""

    source = "Smith & Topin 2017; torch.optim.lr_scheduler.OneCycleLR 2.13, which ends where this stays"

    steps = Hyper(1000, "T", PositiveInteger)
    rising = Hyper(0.3, "r", UnitInterval)
    start_divisor = Hyper(25, "a", Positive)
    end_divisor = Hyper(1e4, "z", Positive)
    linear = Option(False)
    three_phases = Option(False)

    def value(s) -> Expr:
        k, last, low = minimum(s.t - 1, s.steps - 1), s.steps - 1, s.base / s.start_divisor
        top, end = s.rising * s.steps - 1, low / s.end_divisor

        def phase(a: Expr, b: Expr, begin: Expr, end: Expr) -> Expr:
            share = (k - begin) / (end - begin)
            return b + (a - b) * (1 - share) if s.linear else b + (a - b) * (1 + cos(pi * share)) / 2

        fall = phase(s.base, end, top, last)
        if s.three_phases:
            fall = where(k <= 2 * top, phase(s.base, low, top, 2 * top), phase(low, end, 2 * top, last))
        return where(k <= top, phase(low, s.base, 0, top), fall)
