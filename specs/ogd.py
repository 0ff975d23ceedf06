from symopt.lang import Hyper, NonNegative, Real, Rule, State, equal, where


class OGD(Rule):
    """Optimistic gradient descent: the gradient is extrapolated from the last one."""

    source = "optax.optimistic_gradient_descent 0.2.8; Mokhtari, Ozdaglar & Pattathil 2020, generalised OGDA"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    alpha = Hyper(1, r"\alpha", Real)
    beta = Hyper(1, r"\beta", Real)
    g_prev = State(tex=r"g^{\mathrm{prev}}")

    def update(s) -> None:
        # The first step has no gradient before it and takes its own.
        s.g_last = where(equal(s.t, 1), s.g, s.g_prev)
        s.u = (s.alpha + s.beta) * s.g - s.beta * s.g_last
        s.g_prev = s.g
        s.p = s.p - s.lr * s.u
