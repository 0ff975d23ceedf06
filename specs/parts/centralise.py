from symopt.lang import Expr, Part, mean


class Centralise(Part):
    """The direction less the mean of its row, so that the rows sum to zero."""

    source = "Yong et al. 2020, equation (1); optax.centralize 0.2.8"

    def direction(s, u: Expr) -> Expr:
        return u - mean(u, axis=1)
