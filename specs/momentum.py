from symopt.lang import Hyper, NonNegative, Rule, State


class Momentum(Rule):
    """Gradient descent along a decaying sum of gradients, kept in a buffer that starts at zero."""

    source = "Qian 1999, equation (2), with lr outside the buffer; optax.sgd 0.2.8 with momentum"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.p = s.p - s.lr * s.b
