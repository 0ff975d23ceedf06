from symopt.lang import Hyper, NonNegative, Rule, sqrt


class NoisySGD(Rule, name="noisy_sgd"):
    """Gradient descent with Gaussian noise added to the gradient, of a variance that falls from step to step."""

    source = "Neelakantan et al. 2015, equation (1); optax.noisy_sgd 0.2.8"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    eta = Hyper(0.01, r"\eta", NonNegative)
    gamma = Hyper(0.55, r"\gamma", NonNegative)

    def update(s) -> None:
        s.deviation = sqrt(s.eta / s.t**s.gamma)
        s.p = s.p - s.lr * (s.g + s.deviation * s.normal())
