from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, norm, sqrt, where


class Lamb(Rule):
    """AdamW's direction, decay included, scaled to the norm of the parameter, tensor by tensor."""

    # The paper leaves phi open and says nothing of zero norms: identity and ratio 1, as in its code.
    source = "You et al. 2020, Algorithm 2; optax.lamb 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.u = s.m_hat / (sqrt(s.v_hat) + s.eps) + s.weight_decay * s.p
        s.ratio = where((norm(s.p) > 0) & (norm(s.u) > 0), norm(s.p) / norm(s.u), 1)
        s.p = s.p - s.lr * s.ratio * s.u
