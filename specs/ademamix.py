from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema, exp, log, minimum, sqrt


class AdEMAMix(Rule):
    """Adam with a second, much slower average of the gradients added to the first."""

    source = "Pagliardini, Ablin & Grangier 2024, Algorithm 1; its schedulers are the option warmup"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    beta3 = Hyper(0.9999, r"\beta_3", UnitInterval)
    alpha = Hyper(5, r"\alpha", NonNegative)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    warmup = Option(False)
    t_warm = Hyper(1000, r"T", Positive, when="warmup")
    m1, m2, v = State(), State(), State(tex=r"\nu")

    def update(s) -> None:
        alpha, beta3 = s.alpha, s.beta3
        if s.warmup:
            s.tau = s.t / s.t_warm
            s.alpha_t = minimum(s.tau * s.alpha, s.alpha)
            s.mix = (1 - s.tau) * log(s.beta3) + s.tau * log(s.beta1)
            s.beta3_t = minimum(exp(log(s.beta1) * log(s.beta3) / s.mix), s.beta3)
            alpha, beta3 = s.alpha_t, s.beta3_t
        s.m1 = ema(s.m1, s.g, s.beta1)
        s.m2 = ema(s.m2, s.g, beta3)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = s.m1 / (1 - s.beta1**s.t)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * ((s.m_hat + alpha * s.m2) / (sqrt(s.v_hat) + s.eps) + s.weight_decay * s.p)
