from symopt.lang import Expr, Hyper, Option, Part, Positive, maximum, sqrt, total, where


class ClipAdaptive(Part, name="clip_adaptive"):
    """The direction of a unit, a row or a column, is at most clipping times as long as the unit's parameters."""

    source = "Brock et al. 2021, equation (3); axis 0: optax.adaptive_grad_clip 0.2.8; axis 1: pytorch_optimizer 4.1.0"

    clipping = Hyper(1e-2, r"\lambda", Positive)
    eps = Hyper(1e-3, r"\epsilon", Positive)
    axis = Option(1, choices=(0, 1))

    def direction(s, u: Expr) -> Expr:
        s.longest = s.clipping * maximum(sqrt(total(s.p**2, axis=s.axis)), s.eps)
        s.length = sqrt(total(u**2, axis=s.axis))
        return where(s.length < s.longest, u, s.longest / maximum(s.length, 1e-6) * u)
