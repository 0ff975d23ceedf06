from symopt.lang import Expr, Part, sign


class Sign(Part):
    """The sign of the direction, element by element."""

    source = "Bernstein et al. 2018, Algorithm 1; optax.scale_by_sign 0.2.8"

    def direction(s, u: Expr) -> Expr:
        return sign(u)
