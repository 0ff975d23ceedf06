from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, cos, floor, pi


class CosineRestarts(Schedule, name="cosine_restarts"):
    """Falls along half a wave of the cosine and starts again, in periods of equal length."""

    source = (
        "Loshchilov & Hutter 2017, equation (5) with T_mult = 1; torch.optim.lr_scheduler.CosineAnnealingWarmRestarts"
    )

    period = Hyper(100, "T", PositiveInteger)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)

    def value(s) -> Expr:
        cycles = (s.t - 1) / s.period
        return s.least + (s.base - s.least) * (1 + cos(pi * (cycles - floor(cycles)))) / 2
