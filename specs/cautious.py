from symopt.specs.adam import Adam

from symopt.lang import Hyper, Inner, Option, Positive, Rule, total, where


class Cautious(Rule):
    """A rule whose step is taken only where it goes against the gradient, and is lengthened to make up for the rest."""

    source = "Liang et al. 2024, Algorithm 2 (C-AdamW), for any rule"

    rescale = Option(True)
    xi = Hyper(1, r"\xi", Positive, when="rescale")
    base = Inner(Adam)

    def update(s) -> None:
        s.d = s.p - s.base()
        agrees = s.d * s.g > 0
        s.step = where(agrees, s.d, 0)
        if s.rescale:
            s.step = s.size / (total(where(agrees, 1, 0)) + s.xi) * s.step
        s.p = s.p - s.step
