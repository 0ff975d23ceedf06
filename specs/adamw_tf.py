from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, maximum, sqrt


class AdamWTF(Rule, name="adamw_tf"):
    """AdamW with both corrections in the step size, so that eps stands beside the uncorrected root."""

    source = "keras.optimizers.AdamW 3.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-7, r"\hat\epsilon", Positive)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative)
    amsgrad = Option(False)
    m, v = State(), State()
    v_max = State(tex=r"v^{\max}", when="amsgrad")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        if s.amsgrad:
            s.v_max = maximum(s.v_max, s.v)
        s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t)
        s.p = s.p - s.lr * s.weight_decay * s.p - s.alpha * s.m / (sqrt(s.v_max if s.amsgrad else s.v) + s.eps)
