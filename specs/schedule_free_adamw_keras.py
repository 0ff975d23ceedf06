from symopt.lang import ClosedUnitInterval, Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class ScheduleFreeAdamWKeras(Rule, name="schedule_free_adamw_keras"):
    """Schedule-free Adam whose average has equal weights, with a decay that the parameter feels and z does not."""

    source = "keras.optimizers.ScheduleFreeAdamW 3.15"

    lr = Hyper(2.5e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", ClosedUnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    z = State(init="p")
    v = State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.beta2)
        s.d = -s.lr * s.g / (sqrt(s.v / (1 - s.beta2**s.t)) + s.eps)
        s.y = s.p - s.lr * s.weight_decay * s.p
        # Keras computes x = (y - (1 - beta1) z)/beta1, averages z + d into it, and goes back: this, for every beta1.
        s.c = 1 / s.t
        s.p = (1 - s.c) * s.y + s.c * s.z + (1 - s.beta1 * (1 - s.c)) * s.d
        s.z = s.z + s.d
