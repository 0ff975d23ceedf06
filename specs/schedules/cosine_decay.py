from symopt.lang import Expr, Hyper, NonNegative, Positive, PositiveInteger, Schedule, cos, minimum, pi


class CosineDecay(Schedule, name="cosine_decay"):
    """Falls along half a wave of the cosine, raised to a power, to a fraction of the base value and stays there."""

    source = "optax.cosine_decay_schedule 0.2.8; keras.optimizers.schedules.CosineDecay 3.15, whose power is 1"

    steps = Hyper(1000, "T", PositiveInteger)
    fraction = Hyper(0, r"\alpha", NonNegative)
    power = Hyper(1, "q", Positive)

    def value(s) -> Expr:
        wave = (1 + cos(pi * minimum(s.t - 1, s.steps) / s.steps)) / 2
        return s.base * (s.fraction + (1 - s.fraction) * wave**s.power)
