from symopt.lang import Expr, Hyper, PositiveInteger, Schedule, minimum, sqrt


class Noam(Schedule):
    """Grows linearly, then falls as one over the root of the step; the base value is a factor."""

    source = "Vaswani et al. 2017, equation (3), where the factor is 1"

    width = Hyper(512, "d", PositiveInteger)
    warmup = Hyper(4000, "W", PositiveInteger)

    def value(s) -> Expr:
        return s.base * minimum(1 / sqrt(s.t), s.t / (s.warmup * sqrt(s.warmup))) / sqrt(s.width)
