from symopt.specs.adam import Adam

from symopt.lang import Hyper, Inner, NonNegative, Rule


class Decayed(Rule):
    """A rule with a decay of the parameter that does not go through its gradient."""

    source = "Loshchilov & Hutter 2019, section 2, with lr times the decay; weight_decay of keras.optimizers 3.15"

    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    base = Inner(Adam)

    def update(s) -> None:
        s.p = s.base() - s.base.lr * s.weight_decay * s.p
