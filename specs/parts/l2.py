from symopt.lang import Expr, Hyper, NonNegative, Part


class L2(Part):
    """Weight decay in the gradient, before all that scales it: that of half the squared norm of the parameter."""

    source = "weight_decay of torch.optim.SGD 2.13; optax.add_decayed_weights 0.2.8, before what scales the gradient"

    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return u + s.weight_decay * s.p
