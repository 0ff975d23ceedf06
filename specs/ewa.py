from symopt.lang import Hyper, Option, Rule, State, UnitInterval, debias, ema


class EWA(Rule):
    """The exponentially weighted average of the values that arrive as gradients; p is what it reports."""

    source = "Ng, Deep Learning Specialization, course 2, week 2; debias: Kingma & Ba 2015, section 3"

    beta = Hyper(0.9, r"\beta", UnitInterval)
    debias = Option(False)
    a = State()

    def update(s) -> None:
        s.a = ema(s.a, s.g, s.beta)
        s.p = debias(s.a, s.beta, s.t) if s.debias else s.a
