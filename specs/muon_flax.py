from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, ema
from symopt.lang.ops import matmul, maximum, norm, sqrt, transpose, unwide, wide


class MuonFlax(Rule, name="muon_flax"):
    """Muon for matrices whose rows are inputs: corrected momentum, scaled by columns over rows."""

    source = "optax.contrib.muon 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.95, r"\beta", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    nesterov = Option(True)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.u = s.b / (1 - s.mu**s.t)
        if s.nesterov:
            s.u = s.mu * s.b / (1 - s.mu ** (s.t + 1)) + (1 - s.mu) * s.g / (1 - s.mu**s.t)
        s.x = wide(s.u / (norm(s.u) + s.eps))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 3.4445 * s.x + matmul(2.0315 * matmul(s.a, s.a) - 4.7750 * s.a, s.x)
        s.scale = sqrt(maximum(1, s.cols / s.rows))
        s.p = s.p - s.lr * (s.scale * unwide(s.x) + s.weight_decay * s.p)
