from symopt.lang import Expr, Hyper, NonNegative, Part, model_norm


class Normalise(Part):
    """The direction over its norm, over the model, so that every step is equally long."""

    source = "optax.normalize_by_update_norm 0.2.8; with eps = 0 optax.contrib.normalize"

    eps = Hyper(1e-6, r"\epsilon", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return u / (model_norm(u) + s.eps)
