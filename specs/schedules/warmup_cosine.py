from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, cos, minimum, pi, where


class WarmupCosine(Schedule, name="warmup_cosine"):
    """Grows linearly to the base value, falls along half a wave of the cosine and stays; steps counts both."""

    source = "optax.warmup_cosine_decay_schedule 0.2.8; keras.optimizers.schedules.CosineDecay 3.15 with warmup_target"

    steps = Hyper(1000, "T", PositiveInteger)
    warmup = Hyper(100, "W", PositiveInteger)
    start = Hyper(0, r"\kappa", NonNegative)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)

    def value(s) -> Expr:
        k = minimum(s.t - 1, s.steps)
        rise = s.base * (s.start + (1 - s.start) * k / s.warmup)
        wave = 1 + cos(pi * (k - s.warmup) / (s.steps - s.warmup))
        return where(k < s.warmup, rise, s.least + (s.base - s.least) * wave / 2)
