from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamWStepNotCounted(Rule, name="adamw_step_not_counted"):
    """AdamW whose counter is never advanced: every step is corrected as the first one."""

    source = "allenai/OLMo-core#309"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1)
        s.v_hat = s.v / (1 - s.beta2)
        s.p = s.p - s.lr * s.weight_decay * s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
