from symopt.lang import Expr, Hyper, NonNegative, Part, sqrt


class AddNoise(Part, name="add_noise"):
    """Gaussian noise is added to the direction, with a variance that falls from step to step."""

    source = "Neelakantan et al. 2015, equation (1); optax.add_noise 0.2.8"

    eta = Hyper(0.01, r"\eta", NonNegative)
    gamma = Hyper(0.55, r"\gamma", NonNegative)

    def direction(s, u: Expr) -> Expr:
        s.deviation = sqrt(s.eta / s.t**s.gamma)
        return u + s.deviation * s.normal()
