from symopt.lang import Hyper, NonNegative, Rule, State


class SGDW(Rule):
    """Momentum with the decay applied to the parameter, not to the gradient."""

    source = "Loshchilov & Hutter 2019, Algorithm 1, with lr outside the buffer and lr times the decay"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.p = s.p - s.lr * s.b - s.lr * s.weight_decay * s.p
