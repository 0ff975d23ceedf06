from symopt.lang import Hyper, NonNegative, Positive, Rule, State, sqrt


class AdagradDecay(Rule, name="adagrad_decay"):
    """Adagrad with eps inside the root and the decay applied to the parameter, not to the gradient."""

    source = "mxnet.optimizer.AdaGrad 1.x"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    h = State()

    def update(s) -> None:
        s.h = s.h + s.g**2
        s.p = s.p - s.lr * s.g / sqrt(s.h + s.eps) - s.lr * s.weight_decay * s.p
