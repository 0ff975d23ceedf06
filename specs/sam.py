from symopt.specs.sgd import SGD

from symopt.lang import Hyper, Inner, NonNegative, Option, Rule, absolute, model_norm


class SAM(Rule):
    """A rule gets the gradient at the worst point nearby: rho along the gradient, whose norm is that of the model."""

    source = "Foret et al. 2021, Algorithm 1; adaptive: Kwon et al. 2021, Algorithm 1; eps: pytorch_optimizer.SAM"

    rho = Hyper(0.05, r"\rho", NonNegative)
    eps = Hyper(1e-12, r"\epsilon", NonNegative)
    adaptive = Option(False)
    base = Inner(SGD)

    def update(s) -> None:
        scale = absolute(s.p) if s.adaptive else 1
        s.worst = s.p + s.rho * scale**2 * s.g / (model_norm(scale * s.g) + s.eps)
        s.g_worst = s.gradient(at=s.worst)
        s.p = s.base(g=s.g_worst)
