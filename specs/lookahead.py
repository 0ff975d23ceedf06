from symopt.specs.sgd import SGD

from symopt.lang import ClosedUnitInterval, Hyper, Inner, PositiveInteger, Rule, State, every, where


class Lookahead(Rule):
    """A rule makes k steps from a slow copy of the parameter, which then goes part of the way to where they led."""

    source = "Zhang et al. 2019, Algorithm 1; optax.lookahead 0.2.8; pytorch_optimizer.Lookahead 4.1.0"

    period = Hyper(5, "k", PositiveInteger)
    alpha = Hyper(0.5, r"\alpha", ClosedUnitInterval)
    base = Inner(SGD)
    slow = State(init="p", tex=r"\phi")

    def update(s) -> None:
        fast = s.base()
        meets = every(s.t, s.period)
        s.slow = where(meets, s.slow + s.alpha * (fast - s.slow), s.slow)
        s.p = where(meets, s.slow, fast)
