from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, norm, sqrt, where


class LambKeras(Rule, name="lamb_keras"):
    """LAMB with the decay taken before the step, outside the ratio of norms."""

    source = "keras.optimizers.Lamb 3.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    decay = Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    m, v = State(), State()

    def update(s) -> None:
        if s.decay:
            s.p = s.p - s.lr * s.weight_decay * s.p
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.u = s.m_hat / (sqrt(s.v_hat) + s.eps)
        s.ratio = where((norm(s.p) > 0) & (norm(s.u) > 0), norm(s.p) / norm(s.u), 1)
        s.p = s.p - s.lr * s.ratio * s.u
