from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, UnitInterval, clip, ema, maximum, sqrt, where


class ADOPT(Rule):
    """Adam that divides each gradient by the root of the second moment before that gradient entered it."""

    source = "Taniguchi et al. 2024, Algorithm 2; without clipping: Algorithm 1; their step 0 is the first here"

    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.9999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-6, r"\epsilon", Positive)
    clipping = Option(True)
    m, v = State(), State()

    def update(s) -> None:
        s.n = s.g / maximum(sqrt(s.v), s.eps)
        if s.clipping:
            s.c = (s.t - 1) ** 0.25
            s.n = clip(s.n, -s.c, s.c)
        # The first gradient fills v and makes no step.
        s.m = where(s.t > 1, ema(s.m, s.n, s.beta1), 0)
        s.v = where(s.t > 1, ema(s.v, s.g**2, s.beta2), s.g**2)
        s.p = s.p - s.lr * s.m
