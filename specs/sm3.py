from symopt.lang import Hyper, NonNegative, Option, Rule, State, UnitInterval, ema, largest, minimum, sqrt, where


class SM3(Rule):
    """Adagrad with one sum a row and one a column, the smaller of which bounds the sum of an element."""

    # eps and the momentum are those of the code; the branch is the paper's 0/0 = 0.
    source = "Anil et al. 2019, Algorithm SM3-II, covers: rows and columns, or elements; optax.sm3 0.2.8"

    lr = Hyper(0.1, r"\eta", NonNegative)
    mu = Hyper(0.9, r"\beta_1", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", NonNegative)
    factored = Option(True)
    row, col = State(tex="r"), State(tex="c", when="factored")
    m = State()

    def update(s) -> None:
        s.v = s.g**2 + (minimum(s.row, s.col) if s.factored else s.row)
        s.row = largest(s.v, axis=1) if s.factored else s.v
        if s.factored:
            s.col = largest(s.v, axis=0)
        s.m = ema(s.m, where(s.v > 0, s.g / sqrt(s.v + s.eps), 0), s.mu)
        s.p = s.p - s.lr * s.m
