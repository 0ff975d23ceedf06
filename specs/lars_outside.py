from symopt.lang import Hyper, NonNegative, Option, Rule, State, UnitInterval, norm, where


class LarsOutside(Rule, name="lars_outside"):
    """LARS whose lr stands outside the momentum; where a norm is zero the step is not scaled."""

    # Of vectors this implementation makes plain momentum, without scaling and without decay.
    source = "pytorch_optimizer.LARS 4.1.0 on matrices"

    lr = Hyper(0.1, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    trust = Hyper(1e-3, r"\eta", NonNegative)
    weight_decay = Hyper(1e-6, r"\lambda", NonNegative)
    nesterov = Option(False)
    b = State()

    def update(s) -> None:
        s.length = norm(s.g) + s.weight_decay * norm(s.p)
        s.ratio = where((norm(s.p) > 0) & (s.length > 0), s.trust * norm(s.p) / s.length, 1)
        s.d = s.ratio * (s.g + s.weight_decay * s.p)
        s.b = s.mu * s.b + s.d
        s.p = s.p - s.lr * (s.d + s.mu * s.b if s.nesterov else s.b)
