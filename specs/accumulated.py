from symopt.specs.sgd import SGD

from symopt.lang import Hyper, Inner, PositiveInteger, Rule, State, every, floor, where


class Accumulated(Rule):
    """A rule makes a step after every k gradients, with their mean; in between it and the parameter rest."""

    source = "optax.MultiSteps 0.2.8; gradient_accumulation_steps of keras.optimizers 3.15"

    period = Hyper(4, "k", PositiveInteger)
    base = Inner(SGD)
    mean = State(tex=r"\bar g")

    def update(s) -> None:
        s.mean = s.mean + s.g / s.period
        s.is_full = every(s.t, s.period)
        s.p = s.base(g=s.mean, t=floor((s.t + s.period - 1) / s.period), when=s.is_full)
        s.mean = where(s.is_full, 0, s.mean)
