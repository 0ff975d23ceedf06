from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdamOptax(Rule, name="nadam_optax"):
    """Adam with Nesterov's momentum, the momentum held constant and the second moment corrected as in Adam."""

    source = "optax.nadam and optax.nadamw 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    eps_root = Hyper(0, r"\bar\epsilon", NonNegative)
    decay = Option(False)
    weight_decay = Hyper(1e-4, r"\lambda", NonNegative, when="decay")
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.beta1 * s.m / (1 - s.beta1 ** (s.t + 1)) + (1 - s.beta1) * s.g / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.u = s.m_hat / (sqrt(s.v_hat + s.eps_root) + s.eps)
        s.p = s.p - s.lr * (s.u + s.weight_decay * s.p if s.decay else s.u)
