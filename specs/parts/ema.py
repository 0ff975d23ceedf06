from symopt.lang import Expr, Hyper, Option, Part, State, UnitInterval, debias, ema


class EMA(Part):
    """An exponential moving average of the directions so far, divided by the sum of its weights."""

    source = "optax.ema 0.2.8"

    decay = Hyper(0.9, r"\beta", UnitInterval)
    correct = Option(True)
    m = State()

    def direction(s, u: Expr) -> Expr:
        s.m = ema(s.m, u, s.decay)
        return debias(s.m, s.decay, s.t) if s.correct else s.m
