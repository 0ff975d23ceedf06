from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, mean, rms, sqrt


class Came(Rule):
    """Adafactor whose momentum is divided by how far steps were from it, kept by rows and columns too."""

    source = "Luo et al. 2023, Algorithm 2; pytorch_optimizer.CAME 4.1.0"

    lr = Hyper(2e-4, r"\eta", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    beta3 = Hyper(0.9999, r"\beta_3", UnitInterval)
    eps1 = Hyper(1e-30, r"\epsilon_1", Positive)
    eps2 = Hyper(1e-16, r"\epsilon_2", Positive)
    d = Hyper(1, "d", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    m, r, c = State(), State(), State()
    r_res, c_res = State(tex="R"), State(tex="C")

    def update(s) -> None:
        s.r = ema(s.r, mean(s.g**2 + s.eps1, axis=1), s.beta2)
        s.c = ema(s.c, mean(s.g**2 + s.eps1, axis=0), s.beta2)
        # The roots one by one: where a gradient is zero, the product r*c underflows in float32.
        s.u = s.g / (sqrt(s.r / mean(s.r)) * sqrt(s.c))
        s.u_hat = s.u / maximum(1, rms(s.u) / s.d)
        s.m = ema(s.m, s.u_hat, s.beta1)
        s.res = (s.u_hat - s.m) ** 2 + s.eps2
        s.r_res = ema(s.r_res, mean(s.res, axis=1), s.beta3)
        s.c_res = ema(s.c_res, mean(s.res, axis=0), s.beta3)
        s.delta = s.m / sqrt(s.r_res * s.c_res / mean(s.r_res))
        s.p = (1 - s.lr * s.weight_decay) * s.p - s.lr * s.delta
