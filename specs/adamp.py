from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, absolute, ema
from symopt.lang.ops import largest, maximum, norm, sqrt, total, where


class AdamP(Rule):
    """Adam that leaves out what would lengthen the parameter where the gradient is nearly orthogonal to it."""

    # Rows first, then the whole matrix; the loss does not change with their lengths there.
    source = "Heo et al. 2021, Algorithm 2; pytorch_optimizer.AdamP 4.1.0 on matrices"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    delta = Hyper(0.1, r"\delta", NonNegative)
    wd_ratio = Hyper(0.1, r"\rho", UnitInterval)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    nesterov = Option(False)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.u = (ema(s.m, s.g, s.beta1) if s.nesterov else s.m) * sqrt(1 - s.beta2**s.t) / (sqrt(s.v) + s.eps)
        s.row, s.g_row = sqrt(total(s.p**2, axis=1)), sqrt(total(s.g**2, axis=1))
        s.cos_row = absolute(total(s.p * s.g, axis=1)) / (maximum(s.row, s.eps) * maximum(s.g_row, s.eps))
        s.cos = absolute(total(s.p * s.g)) / (maximum(norm(s.p), s.eps) * maximum(norm(s.g), s.eps))
        by_row, by_all = largest(s.cos_row) < s.delta / sqrt(s.cols), s.cos < s.delta / sqrt(s.size)
        s.n = s.p / (where(by_row, s.row, norm(s.p)) + s.eps)
        s.radial = where(by_row, total(s.n * s.u, axis=1), where(by_all, total(s.n * s.u), 0))
        s.decay = s.lr * s.weight_decay * where(by_row | by_all, s.wd_ratio, 1)
        s.p = (1 - s.decay) * s.p - s.lr / (1 - s.beta1**s.t) * (s.u - s.radial * s.n)
