from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, maximum


class ASGD(Rule):
    """Gradient descent with a decaying step size and an average of the parameters that does not act on them."""

    source = "torch.optim.ASGD 2.13; Polyak & Juditsky 1992"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    lambd = Hyper(1e-4, r"\lambda_d", NonNegative)
    alpha = Hyper(0.75, r"\alpha", Positive)
    t0 = Hyper(1e6, r"t_0", NonNegative)
    l2 = Option(False)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="l2")
    # The step size and the weight of the average are computed for the next step.
    eta = State(init="lr", tex=r"\eta")
    mu = State(init=1, tex=r"\mu")
    ax = State(tex=r"\bar\theta")

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        s.p = (1 - s.lambd * s.eta) * s.p - s.eta * g
        s.ax = s.ax + s.mu * (s.p - s.ax)
        s.eta = s.lr / (1 + s.lambd * s.lr * s.t) ** s.alpha
        s.mu = 1 / maximum(1, s.t - s.t0)
