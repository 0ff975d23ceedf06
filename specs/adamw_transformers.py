from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamWTransformers(Rule, name="adamw_transformers"):
    """AdamW that decays the parameter after the step, with eps beside the uncorrected root."""

    source = "transformers.AdamW 4.46"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    correct_bias = Option(True)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        alpha = s.lr
        if s.correct_bias:
            s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t)
            alpha = s.alpha
        s.p = s.p - alpha * s.m / (sqrt(s.v) + s.eps)
        s.p = s.p - s.lr * s.weight_decay * s.p
