from symopt.lang import Hyper, NonNegative, Positive, Rule, State, maximum, model_total, sqrt


class DoWG(Rule):
    """Gradient descent whose step is a squared distance over the root of the sum of gradient norms that it weighs."""

    source = "Khaled et al. 2023, Algorithm 1; optax.contrib.dowg 0.2.8"

    lr = Hyper(1, r"\gamma", NonNegative)
    r0 = Hyper(1e-4, "r_0", Positive)
    eps = Hyper(1e-4, r"\epsilon", Positive)
    r, v = State(init="r0", tex=r"\bar r^2"), State()
    p0 = State(init="p", tex=r"\theta_0")

    def update(s) -> None:
        s.r = maximum(s.r, model_total((s.p - s.p0) ** 2))
        s.v = s.v + s.r * model_total(s.g**2)
        s.p0 = s.p0
        s.p = s.p - s.lr * s.r / (sqrt(s.v) + s.eps) * s.g
