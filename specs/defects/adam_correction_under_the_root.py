from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamCorrectionUnderTheRoot(Rule, name="adam_correction_under_the_root"):
    """Adam whose correction of m is taken under a root, as that of v is."""

    source = "FluxML/Flux.jl#119"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / sqrt(1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.m / (sqrt(s.v) + s.eps)
