from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, equal, sqrt, where


class Adan(Rule):
    """Adaptive Nesterov momentum: averages of the gradients, of their differences and of the squares of both."""

    # The betas are 1 minus those of the paper, which also has eps inside the root.
    source = "Xie et al. 2022, Algorithm 1, as in the authors' code; pytorch_optimizer.Adan 4.1.0"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    beta1 = Hyper(0.98, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.92, r"\beta_2", UnitInterval)
    beta3 = Hyper(0.99, r"\beta_3", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    no_prox = Option(False)
    m, v, n = State(), State(), State()
    g_prev = State(tex=r"g^{\mathrm{prev}}")

    def update(s) -> None:
        s.d = where(equal(s.t, 1), 0, s.g - s.g_prev)
        s.g_prev = s.g
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.d, s.beta2)
        s.n = ema(s.n, (s.g + s.beta2 * s.d) ** 2, s.beta3)
        s.m_hat = s.m / (1 - s.beta1**s.t) + s.beta2 * s.v / (1 - s.beta2**s.t)
        s.u = s.lr * s.m_hat / (sqrt(s.n / (1 - s.beta3**s.t)) + s.eps)
        if s.no_prox:
            s.p = s.p - s.lr * s.weight_decay * s.p - s.u
        else:
            s.kept = 1 / (1 + s.lr * s.weight_decay)
            s.p = s.kept * s.p - s.kept * s.u
