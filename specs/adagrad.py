from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, sqrt


class Adagrad(Rule):
    """Steps divided by the root of the sum of all squared gradients so far."""

    source = "torch.optim.Adagrad 2.13; Duchi, Hazan & Singer 2011, Figure 1 (diagonal)"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    lr_decay = Hyper(0, r"\eta", NonNegative)
    eps = Hyper(1e-10, r"\epsilon", Positive)
    initial_accumulator = Hyper(0, r"h_0", NonNegative)
    l2 = Option(False)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    h = State(init="initial_accumulator")

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.h = s.h + g**2
        s.alpha = s.lr / (1 + (s.t - 1) * s.lr_decay)
        s.p = s.p - s.alpha * g / (sqrt(s.h) + s.eps)
