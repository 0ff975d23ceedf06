from symopt.lang import Hyper, NonNegative, Positive, Rule, State, sqrt


class AdagradDecayBesideTheStep(Rule, name="adagrad_decay_beside_the_step"):
    """Adagrad whose decay is added to the step instead of to the gradient."""

    source = "apache/mxnet#9363"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    h = State()

    def update(s) -> None:
        s.h = s.h + s.g**2
        s.p = s.p - s.lr * (s.g / (sqrt(s.h) + s.eps) + s.weight_decay * s.p)
