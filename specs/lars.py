from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, norm


class Lars(Rule):
    """Momentum with steps scaled, tensor by tensor, by the norm of the parameter over that of the gradient."""

    # Published with a polynomial schedule of lr; undefined where parameter and gradient are both zero.
    source = "You, Gitman & Ginsburg 2017, Algorithm 1, with the coefficient of equation (6)"

    lr = Hyper(0.1, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    trust = Hyper(1e-3, r"\eta", NonNegative)
    weight_decay = Hyper(5e-4, r"\beta", NonNegative)
    v = State()

    def update(s) -> None:
        s.rate = s.trust * norm(s.p) / (norm(s.g) + s.weight_decay * norm(s.p))
        s.v = s.mu * s.v + s.lr * s.rate * (s.g + s.weight_decay * s.p)
        s.p = s.p - s.v
