from symopt.lang import Expr, Hyper, Positive, Schedule


class Exponential(Schedule):
    """Multiplied by the same factor after every step."""

    source = "torch.optim.lr_scheduler.ExponentialLR 2.13"

    factor = Hyper(0.99, r"\kappa", Positive)

    def value(s) -> Expr:
        return s.base * s.factor ** (s.t - 1)
