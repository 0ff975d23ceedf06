from symopt.specs.adam import Adam

from symopt.lang import Hyper, Inner, NonNegative, Rule, where


class CautiousDecay(Rule, name="cautious_decay"):
    """A rule with a decoupled decay, only of the parameters that the rule itself does not move away from zero."""

    source = "Chen et al. 2025 (cautious weight decay), Algorithm 1"

    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    base = Inner(Adam)

    def update(s) -> None:
        s.d = s.p - s.base()
        s.p = s.p - s.d - s.base.lr * s.weight_decay * where(s.d * s.p >= 0, s.p, 0)
