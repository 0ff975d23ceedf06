from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, norm, sqrt, where


class LambCorrectionOutsideTheRatio(Rule, name="lamb_correction_outside_the_ratio"):
    """LAMB whose corrections scale the step, not the direction that is normalised."""

    source = "jettify/pytorch-optimizer#443"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.u = s.m / (sqrt(s.v) + s.eps) + s.weight_decay * s.p
        s.ratio = where((norm(s.p) > 0) & (norm(s.u) > 0), norm(s.p) / norm(s.u), 1)
        s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.ratio * s.u
