from symopt.lang import Expr, Hyper, Part, Positive, State, UnitInterval, ema, sqrt


class AdadeltaDirection(Part, name="adadelta_direction"):
    """The direction over its root mean square, times that of the directions that came out before."""

    source = "Zeiler 2012, Algorithm 1; optax.scale_by_adadelta 0.2.8"

    rho = Hyper(0.9, r"\rho", UnitInterval)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    v, a = State(), State()

    def direction(s, u: Expr) -> Expr:
        s.v = ema(s.v, u**2, s.rho)
        s.d = sqrt(s.a + s.eps) / sqrt(s.v + s.eps) * u
        s.a = ema(s.a, s.d**2, s.rho)
        return s.d
