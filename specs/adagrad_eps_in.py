from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, sqrt


class AdagradEpsIn(Rule, name="adagrad_eps_in"):
    """Adagrad with eps inside the root and an accumulator that starts above zero."""

    source = "keras.optimizers.Adagrad 3.15; optax.adagrad 0.2.8"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    eps = Hyper(1e-7, r"\epsilon", Positive)
    initial_accumulator = Hyper(0.1, r"h_0", NonNegative)
    decay = Option(False)
    weight_decay = Hyper(4e-3, r"\lambda", NonNegative, when="decay")
    h = State(init="initial_accumulator")

    def update(s) -> None:
        s.h = s.h + s.g**2
        decay = s.lr * s.weight_decay * s.p if s.decay else 0
        s.p = s.p - decay - s.lr * s.g / sqrt(s.h + s.eps)
