from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, floor


class Step(Schedule):
    """Multiplied by a factor once every so many steps."""

    source = "torch.optim.lr_scheduler.StepLR 2.13"

    factor = Hyper(0.1, r"\kappa", NonNegative)
    period = Hyper(30, "T", PositiveInteger)

    def value(s) -> Expr:
        return s.base * s.factor ** floor((s.t - 1) / s.period)
