from symopt.lang import Hyper, NonNegative, Positive, Rule, maximum, norm, sqrt


class Fromage(Rule):
    """Steps of a fixed size relative to the norm of the parameter, tensor by tensor, which does not grow."""

    # Their Algorithm 1 has no least norm.
    source = "optax.fromage 0.2.8; Bernstein et al. 2020, Algorithm 1"

    lr = Hyper(1e-2, r"\eta", NonNegative)
    min_norm = Hyper(1e-6, r"\delta", Positive)

    def update(s) -> None:
        s.ratio = maximum(norm(s.p), s.min_norm) / maximum(norm(s.g), s.min_norm)
        s.p = (s.p - s.lr * s.ratio * s.g) / sqrt(1 + s.lr**2)
