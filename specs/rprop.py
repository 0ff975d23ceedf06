from symopt.lang import Hyper, Positive, Rule, State, clip, sign, where


class Rprop(Rule):
    """A step size for each element: it grows while the gradient keeps its sign and shrinks when the sign changes."""

    source = "torch.optim.Rprop 2.13; Igel & Huesken 2000, iRprop-"

    lr = Hyper(1e-2, r"\gamma", Positive)
    eta_minus = Hyper(0.5, r"\eta_-", Positive)
    eta_plus = Hyper(1.2, r"\eta_+", Positive)
    step_min = Hyper(1e-6, r"\Gamma_{\min}", Positive)
    step_max = Hyper(50, r"\Gamma_{\max}", Positive)
    g_prev = State(tex=r"g^{\mathrm{prev}}")
    step = State(init="lr", tex=r"\Delta")

    def update(s) -> None:
        s.agrees = sign(s.g * s.g_prev)
        s.factor = where(s.agrees > 0, s.eta_plus, where(s.agrees < 0, s.eta_minus, 1))
        s.step = clip(s.step * s.factor, s.step_min, s.step_max)
        # After a change of sign the element rests for one step, and the next one counts as no change.
        s.g_prev = where(s.agrees < 0, 0, s.g)
        s.p = s.p - sign(s.g_prev) * s.step
