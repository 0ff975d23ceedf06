from symopt.lang import Expr, Hyper, NonNegative, Option, Part, Positive, State, sqrt


class AdagradDirection(Part, name="adagrad_direction"):
    """The direction over the root of the sum of the squares so far."""

    source = "optax.scale_by_rss 0.2.8; without eps_in_sqrt torch.optim.Adagrad 2.13"

    eps = Hyper(1e-7, r"\epsilon", Positive)
    initial_accumulator = Hyper(0.1, "h_0", NonNegative)
    eps_in_sqrt = Option(True)
    h = State(init="initial_accumulator")

    def direction(s, u: Expr) -> Expr:
        s.h = s.h + u**2
        return u / (sqrt(s.h + s.eps) if s.eps_in_sqrt else sqrt(s.h) + s.eps)
