from symopt.lang import Hyper, Positive, Rule, State, clip, equal, sign, where


class RpropOptax(Rule, name="rprop_optax"):
    """Rprop one step late: each step goes where the last gradient pointed, and nowhere where the sign turned."""

    source = "optax.rprop 0.2.8"

    lr = Hyper(1e-3, r"\gamma", Positive)
    eta_minus = Hyper(0.5, r"\eta^-", Positive)
    eta_plus = Hyper(1.2, r"\eta^+", Positive)
    step_min = Hyper(1e-6, r"\Delta_{\min}", Positive)
    step_max = Hyper(50, r"\Delta_{\max}", Positive)
    delta, d = State(init="lr", tex=r"\Delta"), State()

    def update(s) -> None:
        s.q = s.g * s.d
        s.factor = where(s.q > 0, s.eta_plus, s.eta_minus)
        s.delta = where(equal(s.q, 0), s.delta, clip(s.delta * s.factor, s.step_min, s.step_max))
        s.u = where(s.q < 0, 0, s.d)
        s.d = where(s.q < 0, 0, s.delta * sign(s.g))
        s.p = s.p - s.u
