from symopt.lang import Hyper, NonNegative, Option, Rule, State, UnitInterval, norm, where


class LarsSimCLR(Rule, name="lars_simclr"):
    """LARS by the norm of the gradient and decay together; where a norm is zero the step is not scaled."""

    source = "optax.lars 0.2.8; the code of SimCLR, Chen et al. 2020"

    lr = Hyper(0.1, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    trust = Hyper(1e-3, r"\eta", NonNegative)
    weight_decay = Hyper(1e-6, r"\lambda", NonNegative)
    nesterov = Option(False)
    v = State()

    def update(s) -> None:
        s.u = s.g + s.weight_decay * s.p
        s.ratio = where((norm(s.p) > 0) & (norm(s.u) > 0), s.trust * norm(s.p) / norm(s.u), 1)
        s.d = s.lr * s.ratio * s.u
        s.v = s.mu * s.v + s.d
        s.p = s.p - (s.mu * s.v + s.d if s.nesterov else s.v)
