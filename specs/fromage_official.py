from symopt.lang import Hyper, NonNegative, Rule, norm, sqrt, where


class FromageOfficial(Rule, name="fromage_official"):
    """Fromage whose step is not scaled where a norm is zero."""

    source = "the code of Bernstein et al. 2020; pytorch_optimizer.Fromage 4.1.0"

    lr = Hyper(1e-2, r"\eta", NonNegative)

    def update(s) -> None:
        s.ratio = where((norm(s.p) > 0) & (norm(s.g) > 0), norm(s.p) / norm(s.g), 1)
        s.p = (s.p - s.lr * s.ratio * s.g) / sqrt(1 + s.lr**2)
