from symopt.lang import Hyper, NonNegative, Rule, State


class HeavyBall(Rule, name="heavy_ball"):
    """Gradient descent with inertia: a multiple of the last displacement is added to each step."""

    source = "Polyak 1964, equation (9)"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    p_prev = State(init="p", tex=r"\theta^{\mathrm{prev}}")

    def update(s) -> None:
        s.d = s.mu * (s.p - s.p_prev) - s.lr * s.g
        s.p_prev = s.p
        s.p = s.p + s.d
