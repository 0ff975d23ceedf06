from symopt.lang import Hyper, NonNegative, Positive, Rule, State, equal, maximum, model_norm, model_total, sqrt, where


class DoG(Rule):
    """Gradient descent whose step is the distance gone so far over the root of the sum of squared gradient norms."""

    source = "Ivgi et al. 2023, equation (DoG) with their initial distance; optax.contrib.dog 0.2.8"

    lr = Hyper(1, r"\gamma", NonNegative)
    r_eps = Hyper(1e-6, r"r_\epsilon", Positive)
    eps = Hyper(1e-8, r"\epsilon", NonNegative)
    r, h = State(tex=r"\bar r"), State(tex="G")
    p0 = State(init="p", tex=r"\theta_0")

    def update(s) -> None:
        s.first = where(equal(s.t, 1), s.r_eps * (1 + model_norm(s.p)), s.r)
        s.r = maximum(s.first, model_norm(s.p - s.p0))
        s.h = s.h + model_total(s.g**2)
        s.p0 = s.p0
        s.p = s.p - s.lr * s.r / sqrt(s.h + s.eps) * s.g
