from symopt.lang import Expr, Hyper, NonNegative, Option, Part, equal, norm, where


class TrustRatio(Part, name="trust_ratio"):
    """The direction, made as long as the parameter; where either is zero it stays as it is."""

    source = "You et al. 2020, Algorithm 2; optax.scale_by_trust_ratio 0.2.8"

    scaled = Option(False)
    eta = Hyper(1e-3, r"\eta", NonNegative, when="scaled")

    def direction(s, u: Expr) -> Expr:
        s.p_norm, s.u_norm = norm(s.p), norm(u)
        ratio = (s.eta if s.scaled else 1) * s.p_norm / s.u_norm
        s.ratio = where(equal(s.p_norm, 0) | equal(s.u_norm, 0), 1, ratio)
        return s.ratio * u
