from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, ema, maximum, mean, minimum, rms, sqrt


class AdafactorTorch(Rule, name="adafactor_torch"):
    """Adafactor whose first eps bounds the averages from below, where the paper adds it to the squares."""

    # By default torch takes the eps of the parameter's type, here that of float32.
    source = "torch.optim.Adafactor 2.13"

    lr = Hyper(1e-2, r"\rho", NonNegative)
    tau = Hyper(0.8, r"\tau", NonNegative)
    eps1 = Hyper(1.1920928955078125e-07, r"\epsilon_1", Positive)
    eps2 = Hyper(1e-3, r"\epsilon_2", Positive)
    d = Hyper(1, "d", Positive)
    weight_decay = Hyper(0, r"\lambda", NonNegative)
    factored = Option(True)
    v, c = State(), State(when="factored")

    def update(s) -> None:
        s.alpha = maximum(s.eps2, rms(s.p)) * minimum(s.lr, 1 / sqrt(s.t))
        s.beta2 = 1 - s.t**-s.tau
        s.v = ema(s.v, mean(s.g**2, axis=1) if s.factored else s.g**2, s.beta2)
        if s.factored:
            s.c = ema(s.c, mean(s.g**2, axis=0), s.beta2)
        s.v_hat = s.v * s.c / maximum(mean(s.v), s.eps1) if s.factored else s.v
        s.u = s.g / sqrt(maximum(s.v_hat, s.eps1**2))
        s.p = (1 - s.lr * s.weight_decay) * s.p - s.alpha * s.u / maximum(1, rms(s.u) / s.d)
