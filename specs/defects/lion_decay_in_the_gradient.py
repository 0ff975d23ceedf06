from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, sign


class LionDecayInTheGradient(Rule, name="lion_decay_in_the_gradient"):
    """Lion whose decay enters the gradient, where the sign drops its size."""

    source = "bitsandbytes-foundation/bitsandbytes#1992"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m = State()

    def update(s) -> None:
        s.g_reg = s.g + s.weight_decay * s.p
        s.u = sign(ema(s.m, s.g_reg, s.beta1))
        s.m = ema(s.m, s.g_reg, s.beta2)
        s.p = s.p - s.lr * s.u
