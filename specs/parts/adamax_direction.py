from symopt.lang import Expr, Hyper, Part, Positive, State, UnitInterval, absolute, ema, maximum


class AdamaxDirection(Part, name="adamax_direction"):
    """The corrected mean of the directions so far over the largest of them, which is slowly forgotten."""

    source = "Kingma & Ba 2015, Algorithm 2; optax.scale_by_adamax 0.2.8"

    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    m, u_max = State(), State(tex="u")

    def direction(s, u: Expr) -> Expr:
        s.m = ema(s.m, u, s.beta1)
        s.u_max = maximum(s.beta2 * s.u_max, absolute(u) + s.eps)
        return s.m / (1 - s.beta1**s.t) / s.u_max
