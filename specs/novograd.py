from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, equal, sqrt, total, where


class NovoGrad(Rule):
    """Momentum of gradients divided by the root of the average squared norm, tensor by tensor."""

    source = "Ginsburg et al. 2019, Algorithm 1; optax.novograd 0.2.8"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    beta1 = Hyper(0.95, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.98, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-3, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.v = where(equal(s.t, 1), total(s.g**2), ema(s.v, total(s.g**2), s.beta2))
        s.m = s.beta1 * s.m + s.g / (sqrt(s.v) + s.eps) + s.weight_decay * s.p
        s.p = s.p - s.lr * s.m
