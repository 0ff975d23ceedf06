from symopt.lang import Expr, Hyper, NonNegative, Schedule


class InverseTime(Schedule, name="inverse_time"):
    """Divided by a number that grows linearly with the steps."""

    source = "keras.optimizers.schedules.InverseTimeDecay 3.15 with decay_steps = 1; Robbins & Monro 1951"

    rate = Hyper(1e-3, r"\eta", NonNegative)

    def value(s) -> Expr:
        return s.base / (1 + s.rate * (s.t - 1))
