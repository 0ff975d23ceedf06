from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema, sign


class Tiger(Rule):
    """Signum with decoupled decay."""

    source = "Su 2023, Tiger: A Tight-fisted Optimizer; pytorch_optimizer.Tiger 4.1.0"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    beta = Hyper(0.965, r"\beta", UnitInterval)
    weight_decay = Hyper(1e-2, r"\lambda", NonNegative)
    m = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * (sign(s.m) + s.weight_decay * s.p)
