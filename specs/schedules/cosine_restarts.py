from fractions import Fraction

from symopt.lang import Domain, Expr, Hyper, NonNegative, Option, PositiveInteger, Schedule, cos, floor, log, pi


class CosineRestarts(Schedule, name="cosine_restarts"):
    """Falls along half a wave of the cosine and starts again, in periods of equal or growing length."""

    source = (
        "Loshchilov & Hutter 2017, equation (5); torch.optim.lr_scheduler.CosineAnnealingWarmRestarts 2.13; "
        "keras.optimizers.schedules.CosineDecayRestarts 3.15, where t_mul is an integer and m_mul the damping"
    )

    period = Hyper(100, "T", PositiveInteger)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)
    growing = Option(False)
    growth = Hyper(2, "b", Domain(lower=Fraction(2), integer=True), when="growing")
    damped = Option(False)
    damping = Hyper(0.9, r"\delta", NonNegative, when="damped")

    def value(s) -> Expr:
        periods = (s.t - 1) / s.period
        n, share = floor(periods), periods - floor(periods)
        if s.growing:
            # Restarts lie at whole steps: half a step later the logarithm is away from every integer, so that
            # its rounding moves no restart.
            n = floor(log(1 + (s.t - Fraction(1, 2)) / s.period * (s.growth - 1)) / log(s.growth))
            share = (periods - (s.growth**n - 1) / (s.growth - 1)) / s.growth**n
        height = s.damping**n if s.damped else 1
        return s.least + (s.base - s.least) * height * (1 + cos(pi * share)) / 2
