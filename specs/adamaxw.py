from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, absolute, ema, maximum


class AdamaxW(Rule):
    """Adamax with the decay applied to the parameter, not to the gradient."""

    source = "optax.adamaxw 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-4, r"\lambda", NonNegative)
    m, u = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.u = maximum(s.beta2 * s.u, absolute(s.g) + s.eps)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.p = s.p - s.lr * (s.m_hat / s.u + s.weight_decay * s.p)
