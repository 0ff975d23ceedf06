from symopt.lang import Expr, Hyper, Option, Positive, PositiveInteger, Real, Schedule, floor, maximum, minimum, where


class ExponentialDecay(Schedule, name="exponential_decay"):
    """Multiplied by the same factor over every so many steps, smoothly or in stairs."""

    source = "optax.exponential_decay 0.2.8; keras.optimizers.schedules.ExponentialDecay 3.15"

    steps = Hyper(1000, "T", PositiveInteger)
    factor = Hyper(0.96, r"\kappa", Positive)
    staircase = Option(False)
    bounded = Option(False)
    end = Hyper(0, r"\gamma_{\mathrm{end}}", Real, when="bounded")

    def value(s) -> Expr:
        periods = (s.t - 1) / s.steps
        decayed = s.base * s.factor ** (floor(periods) if s.staircase else periods)
        if s.bounded:
            return where(s.factor < 1, maximum(decayed, s.end), minimum(decayed, s.end))
        return decayed
