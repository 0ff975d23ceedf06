from symopt.lang import Expr, Hyper, NonNegative, Part, clip


class ClipValue(Part, name="clip_value"):
    """Every element of the direction is moved between -limit and limit."""

    source = "optax.clip 0.2.8; torch.nn.utils.clip_grad_value_ 2.13; clipvalue of keras.optimizers 3.15"

    limit = Hyper(1, "c", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return clip(u, -s.limit, s.limit)
