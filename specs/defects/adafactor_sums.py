from symopt.lang import Hyper, NonNegative, Positive, Rule, State, ema, maximum, minimum, rms, sqrt, total


class AdafactorSums(Rule, name="adafactor_sums"):
    """Adafactor on sums of rows and columns, as its paper has it, where implementations take means."""

    source = "facebookresearch/fairseq#5290; Shazeer & Stern 2018, Algorithm 4"

    lr = Hyper(1e-2, r"\rho", NonNegative)
    tau = Hyper(0.8, r"\tau", NonNegative)
    eps1 = Hyper(1e-30, r"\epsilon_1", Positive)
    eps2 = Hyper(1e-3, r"\epsilon_2", Positive)
    d = Hyper(1, "d", Positive)
    v, c = State(), State()

    def update(s) -> None:
        s.alpha = maximum(s.eps2, rms(s.p)) * minimum(s.lr, 1 / sqrt(s.t))
        s.beta2 = 1 - s.t**-s.tau
        s.q = s.g**2 + s.eps1
        s.v = ema(s.v, total(s.q, axis=1), s.beta2)
        s.c = ema(s.c, total(s.q, axis=0), s.beta2)
        s.u = s.g / sqrt(s.v * s.c / total(s.v))
        s.p = s.p - s.alpha * s.u / maximum(1, rms(s.u) / s.d)
