from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdam(Rule):
    """Adam with Nesterov's momentum, whose momentum grows from step to step."""

    source = "torch.optim.NAdam 2.13; Dozat 2016, Algorithm 2, with its schedule of mu"

    lr = Hyper(2e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    psi = Hyper(4e-3, r"\psi", NonNegative)
    decay = Option(False)
    l2 = Option(False, needs="decay")
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative, when="decay")
    m, v = State(), State()
    mu_product = State(init=1, tex=r"\Pi")

    def update(s) -> None:
        g, decay = s.g, 0
        if s.l2:
            s.g_reg = s.g + s.weight_decay * s.p
            g = s.g_reg
        elif s.decay:
            decay = s.lr * s.weight_decay * s.p
        s.mu = s.beta1 * (1 - 0.96 ** (s.t * s.psi) / 2)
        s.mu_next = s.beta1 * (1 - 0.96 ** ((s.t + 1) * s.psi) / 2)
        s.mu_product = s.mu_product * s.mu
        s.m = ema(s.m, g, s.beta1)
        s.v = ema(s.v, g**2, s.beta2)
        s.m_hat = (1 - s.mu) * g / (1 - s.mu_product) + s.mu_next * s.m / (1 - s.mu_product * s.mu_next)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - decay - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
