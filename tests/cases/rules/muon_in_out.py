"""Muon as the report of optax 1249 has it: matrices whose rows are inputs, momentum as a sum, a length kept from zero."""

from fractions import Fraction

from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval
from symopt.lang.ops import matmul, maximum, norm, sqrt, transpose, unwide, wide

EPS = Fraction(1, 10**7)


class MuonInOut(Rule, name="muon_in_out"):
    """Nesterov's momentum as a sum, five Newton-Schulz steps, scaled by columns over rows."""

    lr = Hyper(0.02, domain=NonNegative)
    mu = Hyper(0.95, domain=UnitInterval)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.u = s.mu * s.b + s.g
        s.x = wide(s.u / (norm(s.u) + EPS))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 3.4445 * s.x + matmul(-4.7750 * s.a + 2.0315 * matmul(s.a, s.a), s.x)
        s.p = s.p - s.lr * sqrt(maximum(1, s.cols / s.rows)) * unwide(s.x)
