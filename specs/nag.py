from symopt.lang import Hyper, NonNegative, Rule, State


class NAG(Rule):
    """Nesterov's accelerated gradient: the gradient is asked for at the point that the momentum leads to."""

    source = "Nesterov 1983, in the two sequences of Nesterov 2004, equation (2.2.20), with constant momentum"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    p_prev = State(init="p", tex=r"\theta^{\mathrm{prev}}")

    def update(s) -> None:
        s.y = s.p + s.mu * (s.p - s.p_prev)
        s.g = s.gradient(at=s.y)
        s.p_prev = s.p
        s.p = s.y - s.lr * s.g
