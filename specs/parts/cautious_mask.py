from symopt.lang import Expr, Hyper, Option, Part, Positive, total, where


class CautiousMask(Part, name="cautious_mask"):
    """The direction only where its sign is the gradient's, lengthened to make up for the rest."""

    source = "Liang et al. 2024, Algorithm 2"

    rescale = Option(True)
    xi = Hyper(1, r"\xi", Positive, when="rescale")

    def direction(s, u: Expr) -> Expr:
        agrees = u * s.g > 0
        masked = where(agrees, u, 0)
        return s.size / (total(where(agrees, 1, 0)) + s.xi) * masked if s.rescale else masked
