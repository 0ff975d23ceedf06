from symopt.specs.schedules.constant import Constant

from symopt.lang import Expr, Hyper, Inner, PositiveInteger, Schedule, maximum, minimum, where


class Sequence(Schedule):
    """One schedule for some steps, and from then on another one, from its own first step."""

    source = "torch.optim.lr_scheduler.SequentialLR 2.13; optax.join_schedules 0.2.8"

    first, second = Inner(Constant), Inner(Constant)
    at = Hyper(100, "N", PositiveInteger)

    def value(s) -> Expr:
        # Each is given steps of its own only: elsewhere its value may be beyond every float.
        return where(s.t <= s.at, s.first(minimum(s.t, s.at)), s.second(maximum(s.t - s.at, 1)))
