from symopt.specs.sgd import SGD

from symopt.lang import Hyper, Inner, Option, Rule, State, UnitInterval, ema, equal, where


class Averaged(Rule):
    """A rule makes its steps undisturbed, and beside it an average is kept of the parameters that it reached."""

    source = "use_ema of keras.optimizers 3.15, torch.optim.swa_utils 2.13; equal weights: Polyak & Juditsky 1992, (2)"

    exponential = Option(True)
    decay = Hyper(0.999, r"\beta", UnitInterval, when="exponential")
    base = Inner(SGD)
    average = State(init="p", tex=r"\bar\theta")

    def update(s) -> None:
        s.p = s.base()
        if s.exponential:
            # The average starts with the first parameter reached, not with the one before it.
            s.average = where(equal(s.t, 1), s.p, ema(s.average, s.p, s.decay))
        else:
            s.average = s.average + (s.p - s.average) / s.t
