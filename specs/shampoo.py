from symopt.lang import Hyper, NonNegative, Positive, Rule, State, inverse_root, matmul, transpose


class Shampoo(Rule):
    """Adagrad with a full matrix for the rows and one for the columns, between whose roots the gradient stands."""

    source = "Gupta, Koren & Singer 2018, Algorithm 1; pytorch_optimizer.Shampoo 4.1.0"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    left, right = State(tex="L"), State(tex="R")

    def update(s) -> None:
        s.left = s.left + matmul(s.g, transpose(s.g))
        s.right = s.right + matmul(transpose(s.g), s.g)
        # Both sums start at eps times the identity, which is added here.
        s.u = matmul(inverse_root(s.left, 4, s.eps), s.g)
        s.p = s.p - s.lr * matmul(s.u, inverse_root(s.right, 4, s.eps))
