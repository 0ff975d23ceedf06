from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, sqrt


class NAdamProductFromZero(Rule, name="nadam_product_from_zero"):
    """NAdam whose product of momenta starts at zero and so stays there: no correction is ever made."""

    source = "dotnet/TorchSharp#1154"

    lr = Hyper(1e-3, r"\gamma", NonNegative)
    beta1 = Hyper(0.9, r"\beta_1", UnitInterval)
    beta2 = Hyper(0.999, r"\beta_2", UnitInterval)
    eps = Hyper(1e-8, r"\epsilon", Positive)
    psi = Hyper(4e-3, r"\psi", NonNegative)
    m, v = State(), State()
    mu_product = State(init=0, tex=r"\Pi")

    def update(s) -> None:
        s.mu = s.beta1 * (1 - 0.96 ** (s.t * s.psi) / 2)
        s.mu_next = s.beta1 * (1 - 0.96 ** ((s.t + 1) * s.psi) / 2)
        s.mu_product = s.mu_product * s.mu
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.m_hat = (1 - s.mu) * s.g / (1 - s.mu_product) + s.mu_next * s.m / (1 - s.mu_product * s.mu_next)
        s.v_hat = s.v / (1 - s.beta2**s.t)
        s.p = s.p - s.lr * s.m_hat / (sqrt(s.v_hat) + s.eps)
