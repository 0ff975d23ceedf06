from symopt.specs.schedules.constant import Constant

from symopt.lang import Expr, Inner, Schedule


class Product(Schedule):
    """One schedule, whose value at every step is the base value of another one."""

    source = "torch.optim.lr_scheduler.ChainedScheduler 2.13, where each scheduler multiplies the value by a factor"

    first, second = Inner(Constant), Inner(Constant)

    def value(s) -> Expr:
        return s.second(s.t, base=s.first(s.t))
