from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sign, sqrt


class Yogi(Rule):
    """Adam whose second moment moves towards the squared gradient by a part of that square, not of the gap."""

    source = "optax.yogi 0.2.8; pytorch_optimizer.Yogi 4.1.0; Zaheer et al. 2018, Algorithm 2, has no correction"

    lr = Hyper(1e-2, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-3, r"\epsilon", Positive)
    initial_accumulator = Hyper(1e-6, r"v_0", NonNegative)
    # Both moments start at the same value.
    m, v = State(init="initial_accumulator"), State(init="initial_accumulator")

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = s.v - (1 - s.beta2) * sign(s.v - s.g**2) * s.g**2
        s.m_hat = s.m / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
