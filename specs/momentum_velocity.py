from symopt.lang import Hyper, NonNegative, Option, Rule, State


class MomentumVelocity(Rule, name="momentum_velocity"):
    """Gradient descent with a velocity that the learning rate enters when the gradient does."""

    source = "keras.optimizers.SGD 3.15; Sutskever et al. 2013, equations (1) and (2)"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    nesterov, decay = Option(False), Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    w = State()

    def update(s) -> None:
        s.w = s.mu * s.w - s.lr * s.g
        decay = s.lr * s.weight_decay * s.p if s.decay else 0
        s.p = s.p - decay + (s.mu * s.w - s.lr * s.g if s.nesterov else s.w)
