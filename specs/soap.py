from symopt.lang import Hyper, NonNegative, Positive, PositiveInteger, Rule, State, UnitInterval, ema, every
from symopt.lang.ops import eigenbasis, equal, matmul, orthogonal, sqrt, transpose, where


class Soap(Rule):
    """Adam in the eigenbases of Shampoo's matrices, which a power iteration follows every few steps."""

    # The first step builds the bases only. The code also sorts them by eigenvalue anew at every iteration.
    source = "Vyas et al. 2024, Algorithms 3 and 4; the first step, corrections and decay as in its code"

    lr = Hyper(3e-3, r"\eta", NonNegative)
    beta1 = Hyper(0.95, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.95, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    period = Hyper(10, "f", PositiveInteger)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m, v = State(), State()
    left, right = State(tex="L"), State(tex="R")
    ql, qr = State(tex="Q_L"), State(tex="Q_R")

    def update(s) -> None:
        first, due = equal(s.t, 1), every(s.t - 1, s.period)
        s.m = where(first, 0, ema(s.m, s.g, s.beta1))
        s.v = ema(s.v, matmul(matmul(transpose(s.ql), s.g), s.qr) ** 2, s.beta2)
        s.alpha = where(first, 0, s.lr * sqrt(1 - s.beta2 ** (s.t - 1)) / (1 - s.beta1 ** (s.t - 1)))
        s.n = matmul(matmul(transpose(s.ql), s.m), s.qr) / (sqrt(s.v) + s.eps)
        s.delta = s.p - s.alpha * matmul(matmul(s.ql, s.n), transpose(s.qr))
        s.p = where(first, s.p, (1 - s.lr * s.weight_decay) * s.delta)
        s.left = ema(s.left, matmul(s.g, transpose(s.g)), s.beta2)
        s.right = ema(s.right, matmul(transpose(s.g), s.g), s.beta2)
        # Eigenvalues descend in the bases of the paper: they ascend in those of the negative matrix.
        s.ql = where(first, eigenbasis(-s.left), where(due, orthogonal(matmul(s.left, s.ql)), s.ql))
        s.qr = where(first, eigenbasis(-s.right), where(due, orthogonal(matmul(s.right, s.qr)), s.qr))
