from symopt.lang import Hyper, NonNegative, Rule, State


class NesterovOfTheLastGradient(Rule, name="nesterov_of_the_last_gradient"):
    """Nesterov's momentum as PyTorch's documentation had it: beside the buffer stands the gradient before."""

    source = "pytorch/pytorch#72395"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    b, g_prev = State(), State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.p = s.p - s.lr * (s.g_prev + s.mu * s.b)
        s.g_prev = s.g
