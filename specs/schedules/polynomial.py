from symopt.lang import Expr, Hyper, Option, Positive, PositiveInteger, Real, Schedule, floor, maximum, minimum


class Polynomial(Schedule):
    """Goes to its end as a power of the steps that are left and stays there, or starts again over more steps."""

    source = (
        "torch.optim.lr_scheduler.PolynomialLR 2.13, where the end is 0; optax.polynomial_schedule 0.2.8; "
        "keras.optimizers.schedules.PolynomialDecay 3.15"
    )

    steps = Hyper(1000, "T", PositiveInteger)
    power = Hyper(1, "q", Positive)
    end = Hyper(0, r"\gamma_{\mathrm{end}}", Real)
    cycle = Option(False)

    def value(s) -> Expr:
        periods = (s.t - 1) / s.steps
        # A cycle ends at the next multiple of the steps, and the first one is not empty.
        done = periods / maximum(-floor(-periods), 1) if s.cycle else minimum(s.t - 1, s.steps) / s.steps
        return s.end + (s.base - s.end) * (1 - done) ** s.power
