from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, cos, floor, pi, where


class SGDR(Schedule):
    """Grows linearly to the base value and falls along half a wave of the cosine, again and again."""

    source = "optax.sgdr_schedule 0.2.8 with equal cycles; pytorch_optimizer.CosineAnnealingWarmupRestarts 4.1.0"

    period = Hyper(100, "T", PositiveInteger)
    warmup = Hyper(10, "W", PositiveInteger)
    start = Hyper(0, r"\kappa", NonNegative)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)

    def value(s) -> Expr:
        k = s.t - 1 - s.period * floor((s.t - 1) / s.period)
        rise = s.base * (s.start + (1 - s.start) * k / s.warmup)
        wave = 1 + cos(pi * (k - s.warmup) / (s.period - s.warmup))
        return where(k < s.warmup, rise, s.least + (s.base - s.least) * wave / 2)
