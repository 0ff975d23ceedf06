from symopt.lang import Expr, Hyper, NonNegative, Option, Part, State


class Trace(Part):
    """Momentum: a decaying sum of the directions so far, which starts at zero."""

    source = "optax.trace 0.2.8; Sutskever et al. 2013, section 2, in the shifted variable"

    mu = Hyper(0.9, r"\mu", NonNegative)
    nesterov = Option(False)
    b = State()

    def direction(s, u: Expr) -> Expr:
        s.b = s.mu * s.b + u
        return u + s.mu * s.b if s.nesterov else s.b
