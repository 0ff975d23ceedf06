from symopt.lang import Expr, Hyper, Part, Positive, maximum, norm


class ClipNorm(Part, name="clip_norm"):
    """A direction whose norm is above the limit is shortened to it; each tensor is taken for itself."""

    source = "clipnorm of keras.optimizers 3.15"

    limit = Hyper(1, "c", Positive)

    def direction(s, u: Expr) -> Expr:
        return s.limit * u / maximum(norm(u), s.limit)
