from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdamKeras(Rule, name="nadam_keras"):
    """Adam with Nesterov's momentum, whose momentum grows by the power of the step itself."""

    source = "keras.optimizers.Nadam 3.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    decay = Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    m, v, mu_product = State(), State(), State(init=1, tex=r"\Pi")

    def update(s) -> None:
        s.mu = s.beta1 * (1 - 0.96**s.t / 2)
        s.mu_next = s.beta1 * (1 - 0.96 ** (s.t + 1) / 2)
        s.mu_product = s.mu_product * s.mu
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.mu_next * s.m / (1 - s.mu_product * s.mu_next) + (1 - s.mu) * s.g / (1 - s.mu_product)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        decay = s.lr * s.weight_decay * s.p if s.decay else 0
        s.p = s.p - decay - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
