from symopt.lang import Hyper, NonNegative, Rule, State, norm


class LarsZeroNorm(Rule, name="lars_zero_norm"):
    """LARS whose test for a norm of zero is never false, so that parameters that start at zero stay there."""

    source = "Spijkervet/SimCLR#27"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    trust = Hyper(1e-3, r"\eta", NonNegative)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    v = State()

    def update(s) -> None:
        s.u = s.g + s.weight_decay * s.p
        s.ratio = s.trust * norm(s.p) / norm(s.u)
        s.v = s.mu * s.v + s.lr * s.ratio * s.u
        s.p = s.p - s.v
