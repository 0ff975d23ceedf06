from symopt.lang import Hyper, NonNegative, Rule, State


class SumMomentum(Rule, name="sum_momentum"):
    """Stochastic unified momentum: the heavy ball at sigma = 0, Nesterov's momentum at sigma = 1."""

    source = "Yan, Yang, Li, Lin & Yang 2018, the updates of SUM, with sigma for their s"

    lr = Hyper(1e-2, r"\alpha", NonNegative)
    mu = Hyper(0.9, r"\beta", NonNegative)
    sigma = Hyper(1, r"s", NonNegative)
    q = State(init="p", tex=r"y^s")

    def update(s) -> None:
        s.y = s.p - s.lr * s.g
        s.q_new = s.p - s.sigma * s.lr * s.g
        s.p = s.y + s.mu * (s.q_new - s.q)
        s.q = s.q_new
