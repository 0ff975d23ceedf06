from symopt.lang import Hyper, NonNegative, Rule, State


class PrimalAveraging(Rule, name="primal_averaging"):
    """Gradient descent from the average of its own iterates: z makes the steps, the parameter averages z."""

    source = "Tao et al. 2018; Defazio 2020, the stochastic primal averaging form of momentum"

    lr = Hyper(1, r"\eta", NonNegative)
    share = Hyper(0.1, "c", NonNegative)
    z = State(init="p")

    def update(s) -> None:
        s.z = s.z - s.lr * s.g
        s.p = (1 - s.share) * s.p + s.share * s.z
