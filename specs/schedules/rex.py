from symopt.lang import Expr, Hyper, NonNegative, PositiveInteger, Schedule, minimum


class REX(Schedule):
    """Falls along a hyperbola, slowly at first, and stays at its least value."""

    source = "Chen, Wolfe & Kyrillidis 2022 (reflected exponential); pytorch_optimizer.REXScheduler 4.1.0"

    steps = Hyper(1000, "T", PositiveInteger)
    least = Hyper(0, r"\gamma_{\min}", NonNegative)

    def value(s) -> Expr:
        done = minimum(s.t - 1, s.steps) / s.steps
        return s.least + (s.base - s.least) * (1 - done) / (1 - done / 2)
