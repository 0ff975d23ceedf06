from symopt.specs.schedules.constant import Constant

from symopt.lang import Expr, Hyper, Inner, NonNegative, PositiveInteger, Schedule, maximum, where


class MultiStep(Schedule, name="multi_step"):
    """Multiplied by a factor after some steps, and from then on another schedule, often again of this kind."""

    source = (
        "torch.optim.lr_scheduler.MultiStepLR 2.13; optax.piecewise_constant_schedule 0.2.8; "
        "keras.optimizers.schedules.PiecewiseConstantDecay 3.15, whose boundaries are one less"
    )

    at = Hyper(30, "N", PositiveInteger)
    factor = Hyper(0.1, r"\kappa", NonNegative)
    then = Inner(Constant)

    def value(s) -> Expr:
        return where(s.t <= s.at, s.base, s.then(maximum(s.t - s.at, 1), base=s.factor * s.base))
