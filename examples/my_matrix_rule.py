"""A rule of your own with a norm and matrix products. Every command takes the file in place of a rule's name:

symopt show examples/my_matrix_rule.py
symopt generate examples/my_matrix_rule.py --out build/my_matrix_rule
"""

from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, matmul, norm, transpose


class Levelled(Rule):
    """Momentum whose singular values are brought closer together, at the norm that it had."""

    source = "after Jordan et al. 2024, Muon, with one step of Newton and Schulz that keeps the norm"

    lr = Hyper(1e-2, r"\eta", NonNegative)
    mu = Hyper(0.9, r"\mu", UnitInterval)
    eps = Hyper(1e-12, r"\epsilon", Positive)
    b = State()

    def update(s) -> None:
        s.b = ema(s.b, s.g, s.mu)
        s.x = s.b / (norm(s.b) + s.eps)
        s.y = 1.5 * s.x - 0.5 * matmul(matmul(s.x, transpose(s.x)), s.x)
        s.p = s.p - s.lr * norm(s.b) / (norm(s.y) + s.eps) * s.y
