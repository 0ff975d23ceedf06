from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdamTF(Rule, name="nadam_tf"):
    """Nesterov's momentum in Adam with both corrections in the step size."""

    source = "tf.contrib.opt.NadamOptimizer 1.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\hat\epsilon", Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_bar = s.beta1 * s.m + (1 - s.beta1) * s.g
        s.alpha = s.lr * sqrt(1 - s.beta2**s.t) / (1 - s.beta1**s.t)
        s.p = s.p - s.alpha * s.m_bar / (sqrt(s.v) + s.eps)
