from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamWPaper(Rule, name="adamw_paper"):
    """AdamW as published: a schedule multiplies both terms, and the decay is not multiplied by lr."""

    source = "Loshchilov & Hutter 2019, Algorithm 2, with decoupled weight decay"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    eta = Hyper(1, r"\eta", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-5, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.eta * (s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps) + s.weight_decay * s.p)
