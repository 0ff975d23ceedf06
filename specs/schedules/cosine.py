from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, cos, minimum, pi


class Cosine(Schedule):
    """Falls to its least value along half a wave of the cosine and stays there."""

    source = "Loshchilov & Hutter 2017, equation (5); torch.optim.lr_scheduler.CosineAnnealingLR 2.13 up to T_max"

    steps = Hyper(1000, "T", PositiveInteger)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)

    def value(s) -> Expr:
        return s.least + (s.base - s.least) * (1 + cos(pi * minimum(s.t - 1, s.steps) / s.steps)) / 2
