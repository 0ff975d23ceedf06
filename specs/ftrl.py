from symopt.lang import Hyper, NonNegative, Option, Positive, Rule, State, absolute, sign, sqrt, where


class FTRL(Rule):
    """Follow the regularized leader: the parameter is computed anew from a sum of gradients, and l1 sets it to zero."""

    source = "McMahan et al. 2013, Algorithm 1; keras.optimizers.Ftrl 3.15, whose l2 is half of this one"

    lr = Hyper(1e-3, r"\alpha", Positive)
    beta = Hyper(0, r"\beta", NonNegative)
    l1 = Hyper(0, r"\lambda_1", NonNegative)
    l2 = Hyper(0, r"\lambda_2", NonNegative)
    initial_accumulator = Hyper(0.1, r"n_0", NonNegative)
    shrinkage, power = Option(False), Option(False)
    l2_shrinkage = Hyper(1e-2, r"\lambda_s", NonNegative, when="shrinkage")
    q = Hyper(0.5, "q", NonNegative, when="power")
    z, n = State(), State(init="initial_accumulator")

    def update(s) -> None:
        before = s.n**s.q if s.power else sqrt(s.n)
        s.n = s.n + s.g**2
        s.root = s.n**s.q if s.power else sqrt(s.n)
        s.sigma = (s.root - before) / s.lr
        g = s.g + 2 * s.l2_shrinkage * s.p if s.shrinkage else s.g
        s.z = s.z + g - s.sigma * s.p
        s.h = (s.beta + s.root) / s.lr + s.l2
        s.p = where(absolute(s.z) <= s.l1, 0, sign(s.z) * s.l1 / s.h - s.z / s.h)
