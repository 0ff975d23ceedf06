from symopt.lang import Expr, Hyper, NonNegative, Part, model_norm, where


class ClipGlobalNorm(Part, name="clip_global_norm"):
    """Directions whose common norm, over the model, is above the limit are all shortened by the same factor."""

    source = "Pascanu et al. 2013, Algorithm 1; optax.clip_by_global_norm 0.2.8; global_clipnorm of Keras 3.15"

    limit = Hyper(1, "c", NonNegative)

    def direction(s, u: Expr) -> Expr:
        s.u_norm = model_norm(u)
        return where(s.u_norm < s.limit, u, s.limit * u / s.u_norm)
