from symopt.lang import Expr, Hyper, Option, Part, Positive, State, UnitInterval, ema, sqrt


class AdamDirection(Part, name="adam_direction"):
    """The mean of the directions so far over the root of their mean square, both corrected for their start at zero."""

    source = "Kingma & Ba 2015, Algorithm 1; optax.scale_by_adam 0.2.8; nesterov: Dozat 2016"

    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    correct = Option(True)
    nesterov = Option(False)
    m, v = State(), State()

    def direction(s, u: Expr) -> Expr:
        s.m = ema(s.m, u, s.beta1)
        s.v = ema(s.v, u**2, s.beta2)
        c1, c2 = (1 - s.beta1**s.t, 1 - s.beta2**s.t) if s.correct else (1, 1)
        next_c1 = 1 - s.beta1 ** (s.t + 1) if s.correct else 1
        s.m_hat = s.beta1 * s.m / next_c1 + (1 - s.beta1) * u / c1 if s.nesterov else s.m / c1
        s.v_hat = s.v / c2
        return s.m_hat / (sqrt(s.v_hat) + s.eps)
