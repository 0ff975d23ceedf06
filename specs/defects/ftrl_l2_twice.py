from symopt.lang import Hyper, NonNegative, Positive, Rule, State, absolute, sign, sqrt, where


class FTRLL2Twice(Rule, name="ftrl_l2_twice"):
    """FTRL whose l2 enters the gradient as well as the solution."""

    source = "aksnzhy/xlearn#223"

    lr = Hyper(1e-3, r"\alpha", Positive)
    beta = Hyper(0, r"\beta", NonNegative)
    l1 = Hyper(0, r"\lambda_1", NonNegative)
    l2 = Hyper(0, r"\lambda_2", NonNegative)
    initial_accumulator = Hyper(0.1, r"n_0", NonNegative)
    z, n = State(), State(init="initial_accumulator")

    def update(s) -> None:
        s.g_reg = s.g + s.l2 * s.p
        before = sqrt(s.n)
        s.n = s.n + s.g_reg**2
        s.root = sqrt(s.n)
        s.sigma = (s.root - before) / s.lr
        s.z = s.z + s.g_reg - s.sigma * s.p
        s.h = (s.beta + s.root) / s.lr + s.l2
        s.p = where(absolute(s.z) <= s.l1, 0, sign(s.z) * s.l1 / s.h - s.z / s.h)
