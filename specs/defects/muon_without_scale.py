from symopt.lang import Hyper, NonNegative, Positive, Rule, State, ema, matmul, norm, transpose, unwide, wide


class MuonWithoutScale(Rule, name="muon_without_scale"):
    """Muon of optax without the factor for matrices that are not square."""

    source = "google-deepmind/optax#1249"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    mu = Hyper(0.9, r"\mu", NonNegative)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.u = s.mu * s.b / (1 - s.mu ** (s.t + 1)) + (1 - s.mu) * s.g / (1 - s.mu**s.t)
        s.x = wide(s.u / (norm(s.u) + s.eps))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 3.4445 * s.x + matmul(2.0315 * matmul(s.a, s.a) - 4.7750 * s.a, s.x)
        s.p = s.p - s.lr * (unwide(s.x) + s.weight_decay * s.p)
