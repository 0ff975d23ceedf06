from symopt.lang import Hyper, NonNegative, Positive, PositiveInteger, Rule, State, UnitInterval, ema, sqrt


class AdamCountedPerTensor(Rule, name="adam_counted_per_tensor"):
    """Adam whose counter advances once a tensor: tensor number place of several corrects with the wrong step."""

    source = "flashlight/flashlight#143"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    tensors = Hyper(2, "K", PositiveInteger)
    place = Hyper(1, "k", PositiveInteger)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.count = s.tensors * (s.t - 1) + s.place
        s.m_hat = s.m / (1 - s.beta1**s.count)
        s.v_hat = s.v / (1 - s.beta2**s.count)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
