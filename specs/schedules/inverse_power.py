from symopt.lang import Expr, Hyper, Positive, Schedule


class InversePower(Schedule, name="inverse_power"):
    """Divided by a power of the step."""

    source = "sklearn.linear_model.SGDRegressor with learning_rate='invscaling'; Zinkevich 2003, section 2.1, q = 1/2"

    power = Hyper(0.25, "q", Positive)

    def value(s) -> Expr:
        return s.base / s.t**s.power
