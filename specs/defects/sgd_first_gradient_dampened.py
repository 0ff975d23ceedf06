from symopt.lang import Hyper, NonNegative, Real, Rule, State


class SGDFirstGradientDampened(Rule, name="sgd_first_gradient_dampened"):
    """Momentum with dampening whose buffer starts at zero, so that the first gradient is dampened too."""

    source = "ml-explore/mlx#473"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    tau = Hyper(0.5, r"\tau", Real)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + (1 - s.tau) * s.g
        s.p = s.p - s.lr * s.b
