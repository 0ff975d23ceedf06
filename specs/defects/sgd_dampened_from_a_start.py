from symopt.lang import Hyper, NonNegative, Positive, Real, Rule, State, equal, where


class SGDDampenedFromAStart(Rule, name="sgd_dampened_from_a_start"):
    """Momentum with dampening whose buffer starts with tau/mu times the first gradient."""

    source = "ml-explore/mlx#473"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", Positive)
    tau = Hyper(0.5, r"\tau", Real)
    b = State()

    def update(s) -> None:
        s.start = where(equal(s.t, 1), s.tau / s.mu * s.g, s.b)
        s.b = s.mu * s.start + (1 - s.tau) * s.g
        s.p = s.p - s.lr * s.b
