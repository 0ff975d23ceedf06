from symopt.lang import Hyper, NonNegative, Rule, State


class NesterovDecayInTheBufferAlone(Rule, name="nesterov_decay_in_the_buffer_alone"):
    """Nesterov's momentum whose decay reaches the buffer and not the gradient beside it."""

    source = "apache/mxnet#15543"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g + s.weight_decay * s.p
        s.p = s.p - s.lr * (s.g + s.mu * s.b)
