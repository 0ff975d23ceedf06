from symopt.lang import Expr, Hyper, PositiveInteger, Real, Schedule, minimum


class Linear(Schedule):
    """Goes along a straight line from one multiple of the base value to another and stays there."""

    source = "torch.optim.lr_scheduler.LinearLR 2.13; optax.linear_schedule 0.2.8"

    steps = Hyper(1000, "T", PositiveInteger)
    start = Hyper(1, r"\kappa", Real)
    end = Hyper(0, r"\kappa_{\mathrm{end}}", Real)

    def value(s) -> Expr:
        return s.base * (s.start + (s.end - s.start) * minimum(s.t - 1, s.steps) / s.steps)
