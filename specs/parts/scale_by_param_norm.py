from symopt.lang import Expr, Hyper, NonNegative, Part, maximum, norm


class ScaleByParamNorm(Part, name="scale_by_param_norm"):
    """The direction times the norm of the parameter."""

    source = "optax.scale_by_param_block_norm 0.2.8"

    least = Hyper(1e-3, "s", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return maximum(norm(s.p), s.least) * u
