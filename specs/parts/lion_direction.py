from symopt.lang import Expr, Hyper, Part, State, UnitInterval, ema, sign


class LionDirection(Part, name="lion_direction"):
    """The sign of one average of the directions so far, with another one remembered."""

    source = "Chen et al. 2023, Algorithm 2; optax.scale_by_lion 0.2.8"

    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.99, r"\beta_2", UnitInterval)
    m = State()

    def direction(s, u: Expr) -> Expr:
        s.d = sign(ema(s.m, u, s.beta1))
        s.m = ema(s.m, u, s.beta2)
        return s.d
