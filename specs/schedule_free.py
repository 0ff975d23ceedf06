from symopt.specs.sgd import SGD

from symopt.lang import ClosedUnitInterval, Hyper, Inner, Option, Rule, State, equal, maximum, where


class ScheduleFree(Rule, name="schedule_free"):
    """A rule moves z; the weights x are an average of z; the parameter, where the gradient is taken, is in between."""

    source = "Defazio et al. 2024, Algorithm 1 around any rule; optax.contrib.schedule_free 0.2.8"

    beta = Hyper(0.9, r"\beta", ClosedUnitInterval)
    weighted = Option(True)
    base = Inner(SGD)
    z = State(init="p")
    weights = State(tex="W", when="weighted")
    lr_max = State(tex=r"\gamma^{\max}", when="weighted")

    def update(s) -> None:
        s.d = s.base() - s.p
        if s.weighted:
            s.lr_max = maximum(s.lr_max, s.base.lr)
            s.weights = s.weights + s.lr_max**2
        s.c = where(equal(s.weights, 0), 0, s.lr_max**2 / s.weights) if s.weighted else 1 / s.t
        # x = (p - (1 - beta) z)/beta is not kept: this is p' = beta x' + (1 - beta) z' with x' = (1 - c) x + c z'.
        s.p = (1 - s.c) * s.p + s.c * s.z + (1 - s.beta * (1 - s.c)) * s.d
        s.z = s.z + s.d
