from symopt.lang import Expr, Hyper, NonNegative, Part


class DecoupledDecay(Part, name="decoupled_decay"):
    """Weight decay, added to the direction behind all that scales it."""

    source = "Loshchilov & Hutter 2019, section 2, with lr times the decay; optax.add_decayed_weights 0.2.8"

    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return u + s.weight_decay * s.p
