from symopt.lang import Expr, Hyper, NonNegative, Option, PositiveInteger, Schedule, floor


class InverseTime(Schedule, name="inverse_time"):
    """Divided by a number that grows linearly with the steps, or in stairs."""

    source = "keras.optimizers.schedules.InverseTimeDecay 3.15; Robbins & Monro 1951"

    rate = Hyper(1e-3, r"\eta", NonNegative)
    steps = Hyper(1, "T", PositiveInteger)
    staircase = Option(False)

    def value(s) -> Expr:
        periods = (s.t - 1) / s.steps
        return s.base / (1 + s.rate * (floor(periods) if s.staircase else periods))
