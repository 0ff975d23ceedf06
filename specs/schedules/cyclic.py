from symopt.lang import Expr, Hyper, Option, PositiveInteger, Real, Schedule, UnitInterval, floor, where


class Cyclic(Schedule):
    """Rises from the base value to the peak and returns, along straight lines, again and again."""

    source = (
        "Smith 2017, section 3; torch.optim.lr_scheduler.CyclicLR 2.13: triangular, halving is triangular2, "
        "decaying is exp_range"
    )

    peak = Hyper(0.01, r"\gamma_{\max}", Real)
    up = Hyper(2000, "U", PositiveInteger)
    down = Hyper(2000, "D", PositiveInteger)
    halving = Option(False)
    decaying = Option(False, excludes="halving")
    factor = Hyper(0.9999, r"\kappa", UnitInterval, when="decaying")

    def value(s) -> Expr:
        cycle = s.up + s.down
        n = floor((s.t - 1) / cycle)
        k = s.t - 1 - n * cycle
        height = s.factor ** (s.t - 1) if s.decaying else 1 / 2**n if s.halving else 1
        return s.base + (s.peak - s.base) * height * where(k <= s.up, k / s.up, (cycle - k) / s.down)
