from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class AdamWDecayMultiplied(Rule, name="adamw_decay_multiplied"):
    """AdamW that multiplies the parameter by 1 - lr weight_decay before the step, as PyTorch's code does."""

    source = "JRC1995/DemonRangerOptimizer#2; torch.optim.adamw 2.13"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        s.q = s.p * (1 - s.lr * s.weight_decay)
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.alpha = s.lr / (1 - s.beta1**s.t)
        s.denom = sqrt(s.v) / sqrt(1 - s.beta2**s.t) + s.eps
        s.p = s.q - s.alpha * s.m / s.denom
