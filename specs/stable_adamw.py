from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, mean, sqrt


class StableAdamW(Rule, name="stable_adamw"):
    """AdamW with a smaller lr, tensor by tensor, where gradients are large against their average."""

    source = "Wortsman et al. 2023, Algorithm 2; pytorch_optimizer.StableAdamW 4.1.0"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.99, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.beta1_hat = s.beta1 * (1 - s.beta1 ** (s.t - 1)) / (1 - s.beta1**s.t)
        s.beta2_hat = s.beta2 * (1 - s.beta2 ** (s.t - 1)) / (1 - s.beta2**s.t)
        s.m = ema(s.m, s.g, s.beta1_hat)
        s.v = ema(s.v, s.g**2, s.beta2_hat)
        s.eta = s.lr / maximum(1, sqrt(mean(s.g**2 / maximum(s.v, s.eps**2))))
        s.p = s.p - s.eta * s.weight_decay * s.p - s.eta * s.m / (sqrt(s.v) + s.eps)
