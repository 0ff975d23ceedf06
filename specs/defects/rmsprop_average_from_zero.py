from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class RMSPropAverageFromZero(Rule, name="rmsprop_average_from_zero"):
    """TensorFlow 1's RMSProp whose average of squares starts at zero instead of one."""

    source = "google-deepmind/optax#49"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    rho = Hyper(0.99, r"\rho", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    mu = Hyper(0.9, r"\mu", NonNegative)
    v, b = State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.rho)
        s.b = s.mu * s.b + s.lr * s.g / sqrt(s.v + s.eps)
        s.p = s.p - s.b
