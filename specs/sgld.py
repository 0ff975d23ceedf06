from symopt.lang import Hyper, NonNegative, Rule, sqrt


class SGLD(Rule):
    """Langevin dynamics: half a step of gradient descent and noise; the loss is a negative log-density."""

    source = "Welling & Teh 2011, equation (4), with lr the variance of the noise"

    lr = Hyper(1e-3, r"\epsilon", NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr / 2 * s.g + sqrt(s.lr) * s.normal()
