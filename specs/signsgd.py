from symopt.lang import Hyper, NonNegative, Rule, sign


class SignSGD(Rule):
    """Steps of one length along the sign of the gradient."""

    source = "Bernstein et al. 2018, Algorithm 1"

    lr = Hyper(1e-3, r"\gamma", NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * sign(s.g)
