from symopt.lang import Expr, Part, absolute, sign


class Grams(Part):
    """The size of the direction with the sign of the gradient."""

    source = "Cao et al. 2024, Algorithm 1; pytorch_optimizer.Grams 4.1.0"

    def direction(s, u: Expr) -> Expr:
        return absolute(u) * sign(s.g)
