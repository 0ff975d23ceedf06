from symopt.lang import Hyper, NonNegative, Rule, State


class OMD(Rule):
    """Optimistic mirror descent without constraints: twice the gradient less the last one, zero before the first."""

    source = "Daskalakis, Ilyas, Syrgkanis & Zeng 2018, the update of OMD in section 1; Popov 1980"

    lr = Hyper(1e-3, r"\eta", NonNegative)
    g_prev = State(tex=r"g^{\mathrm{prev}}")

    def update(s) -> None:
        s.u = 2 * s.g - s.g_prev
        s.g_prev = s.g
        s.p = s.p - s.lr * s.u
