from symopt.lang import Expr, Hyper, NonNegative, Option, PositiveInteger, Schedule, minimum, where


class Warmup(Schedule):
    """A fraction of the base value at first; grows linearly to the base value, or jumps, and stays there."""

    source = (
        "Goyal et al. 2017, section 2.2; torch.optim.lr_scheduler.LinearLR 2.13 with end_factor = 1; "
        "optax.warmup_constant_schedule 0.2.8; constant: torch.optim.lr_scheduler.ConstantLR 2.13"
    )

    steps = Hyper(100, "T", PositiveInteger)
    start = Hyper(0.1, r"\kappa", NonNegative)
    constant = Option(False)

    def value(s) -> Expr:
        if s.constant:
            return s.base * where(s.t <= s.steps, s.start, 1)
        return s.base * (s.start + (1 - s.start) * minimum(s.t - 1, s.steps) / s.steps)
