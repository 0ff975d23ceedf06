"""A rule of your own, outside the catalogue. Every command takes the file in place of a rule's name:

symopt show examples/my_rule.py
symopt compare examples/my_rule.py "momentum[mu=0]"
symopt generate examples/my_rule.py --out build/my_rule
"""

from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, where


class Cautious(Rule):
    """Momentum that moves a parameter only where momentum and gradient agree in sign."""

    source = "after Liang et al. 2024, Cautious Optimizers, Algorithm 1, without the rescaling of the mask"

    lr = Hyper(1e-2, r"\eta", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.mask = where(s.b * s.g > 0, 1, 0)
        s.p = s.p - s.lr * s.mask * s.b
