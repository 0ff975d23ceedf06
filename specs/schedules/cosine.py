from symopt.lang import Expr, Hyper, NonNegative, Option, PositiveInteger, Schedule, cos, minimum, pi


class Cosine(Schedule):
    """Falls to its least value along half a wave of the cosine and stays there, or swings back and forth."""

    source = (
        "Loshchilov & Hutter 2017, equation (5); torch.optim.lr_scheduler.CosineAnnealingLR 2.13, "
        "which after T_max goes on as with swings=True"
    )

    steps = Hyper(1000, "T", PositiveInteger)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)
    swings = Option(False)

    def value(s) -> Expr:
        done = s.t - 1 if s.swings else minimum(s.t - 1, s.steps)
        return s.least + (s.base - s.least) * (1 + cos(pi * done / s.steps)) / 2
