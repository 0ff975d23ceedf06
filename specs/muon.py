from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema
from symopt.lang.ops import matmul, maximum, norm, sqrt, transpose, unwide, wide


class Muon(Rule):
    """Momentum pushed towards an orthogonal matrix by five Newton-Schulz steps."""

    # torch makes the Newton-Schulz steps in bfloat16.
    source = "Jordan et al. 2024; torch.optim.Muon 2.13; match_rms: adjust_lr_fn='match_rms_adamw'"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.95, r"\mu", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    weight_decay = Hyper(0.1, r"\lambda", NonNegative)
    nesterov, match_rms = Option(True), Option(False)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.u = ema(s.b, s.g, s.mu) if s.nesterov else s.b
        s.x = wide(s.u / maximum(norm(s.u), s.eps))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 3.4445 * s.x + matmul(2.0315 * matmul(s.a, s.a) - 4.7750 * s.a, s.x)
        s.scale = 0.2 * sqrt(maximum(s.rows, s.cols)) if s.match_rms else sqrt(maximum(1, s.rows / s.cols))
        s.p = (1 - s.lr * s.weight_decay) * s.p - s.lr * s.scale * unwide(s.x)
