from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, absolute, ema, maximum


class AdamaxKeras(Rule, name="adamax_keras"):
    """Adam with a decaying maximum in place of the root mean square; eps is added to the maximum."""

    source = "keras.optimizers.Adamax 3.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    decay = Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    m, u = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.u = maximum(s.beta2 * s.u, absolute(s.g))
        decay = s.lr * s.weight_decay * s.p if s.decay else 0
        s.p = s.p - decay - s.lr * s.m / ((1 - s.beta1**s.t) * (s.u + s.eps))
