from symopt.lang import Hyper, NonNegative, Option, Real, Rule, State, equal, where


class SGD(Rule):
    """Gradient descent: batch, mini-batch or stochastic by the gradient it is given; options as in PyTorch."""

    source = "torch.optim.SGD 2.13; with nesterov: Sutskever et al. 2013, section 2, in the shifted variable"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    momentum = Option(False)
    dampening = Option(False, needs="momentum")
    nesterov = Option(False, needs="momentum", excludes="dampening")
    l2 = Option(False)
    mu = Hyper(0.9, r"\mu", NonNegative, when="momentum")
    tau = Hyper(0.5, r"\tau", Real, when="dampening")
    weight_decay = Hyper(1e-4, r"\lambda", NonNegative, when="l2")
    b = State(when="momentum")

    def update(s) -> None:
        g = s.g
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        if s.momentum:
            kept = (1 - s.tau) * g if s.dampening else g
            # The buffer starts with the first gradient, which is not dampened.
            s.b = where(equal(s.t, 1), g, s.mu * s.b + kept)
            s.p = s.p - s.lr * (g + s.mu * s.b if s.nesterov else s.b)
        else:
            s.p = s.p - s.lr * g
