from symopt.lang import Hyper, NonNegative, Positive, Rule, State, cbrt, sqrt


class MADGRAD(Rule):
    """Dual averaging from the first parameter, divided by a cube root, with momentum by averaging."""

    source = "Defazio & Jelassi 2021, Algorithm 1; its code and optax 0.2.8 add eps to lr"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    share = Hyper(0.1, "c", NonNegative)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    x0 = State(init="p", tex=r"\theta_0")
    u, v = State(tex="s"), State(tex=r"\nu")

    def update(s) -> None:
        s.weight = s.lr * sqrt(s.t)
        s.u = s.u + s.weight * s.g
        s.v = s.v + s.weight * s.g**2
        s.z = s.x0 - s.u / (cbrt(s.v) + s.eps)
        s.x0 = s.x0
        s.p = (1 - s.share) * s.p + s.share * s.z
