from symopt.lang import Hyper, NonNegative, Rule, State


class DualAveraging(Rule, name="dual_averaging"):
    """Dual averaging: every step starts from the first parameter, along the sum of all gradients."""

    source = "Nesterov 2009, simple dual averages; Xiao 2010, Algorithm 1, with half the squared distance"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    z = State()
    p0 = State(init="p", tex=r"\theta_0")

    def update(s) -> None:
        s.z = s.z + s.g
        s.p = s.p0 - s.lr * s.z
        s.p0 = s.p0
