from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, minimum


class Warmup(Schedule):
    """Grows linearly from a fraction of the base value to the base value, and stays there."""

    source = "Goyal et al. 2017, section 2.2; torch.optim.lr_scheduler.LinearLR 2.13 with end_factor = 1"

    steps = Hyper(100, "T", PositiveInteger)
    start = Hyper(0.1, r"\kappa", NonNegative)

    def value(s) -> Expr:
        return s.base * (s.start + (1 - s.start) * minimum(s.t - 1, s.steps) / s.steps)
