from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class AdamW(Rule):
    """Adam with the decay applied to the parameter, not to the gradient."""

    source = "torch.optim.AdamW 2.13; Loshchilov & Hutter 2019, Algorithm 2, with eta_t = 1 and lr times the decay"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    amsgrad = Option(False)
    m, v = State(), State()
    v_max = State(tex=r"v^{\max}", when="amsgrad")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        if s.amsgrad:
            s.v_max = maximum(s.v_max, s.v)
            s.v_hat = s.v_max / (1 - s.beta2**s.t)
        else:
            s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.weight_decay * s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
