from symopt.lang import Expr, Hyper, Positive, PositiveInteger, Schedule, minimum


class Polynomial(Schedule):
    """Falls to zero as a power of the steps that are left."""

    source = "torch.optim.lr_scheduler.PolynomialLR 2.13"

    steps = Hyper(1000, "T", PositiveInteger)
    power = Hyper(1, "q", Positive)

    def value(s) -> Expr:
        return s.base * (1 - minimum(s.t - 1, s.steps) / s.steps) ** s.power
