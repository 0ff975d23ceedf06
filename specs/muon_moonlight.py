from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval
from symopt.lang.ops import matmul, maximum, norm, sqrt, transpose, unwide, wide


class MuonMoonlight(Rule, name="muon_moonlight"):
    """Muon with a sum for momentum and steps that are as large as those of AdamW."""

    # The paper shows no nesterov; its code and Keras have it.
    source = "Liu et al. 2025, section 2.2 and its code; keras.optimizers.Muon 3.15"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.95, r"\mu", UnitInterval)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    rms_rate = Hyper(0.2, r"\rho", NonNegative)
    weight_decay = Hyper(0.1, r"\lambda", NonNegative)
    nesterov = Option(True)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.u = s.g + s.mu * s.b if s.nesterov else s.b
        s.x = wide(s.u / (norm(s.u) + s.eps))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 3.4445 * s.x + matmul(2.0315 * matmul(s.a, s.a) - 4.7750 * s.a, s.x)
        s.scale = s.rms_rate * sqrt(maximum(s.rows, s.cols))
        s.p = (1 - s.lr * s.weight_decay) * s.p - s.lr * s.scale * unwide(s.x)
