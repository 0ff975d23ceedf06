from symopt.lang import Hyper, NonNegative, Option, Real, Rule, maximum, minimum, model_total, where


class PolyakSGD(Rule, name="polyak_sgd"):
    """Gradient descent whose step is the gap of the loss over the squared norm of the gradient, over the model."""

    source = "optax.polyak_sgd 0.2.8; Loizou et al. 2021, equation (SPS max); positive: Garrigos et al. 2023 (SPS+)"

    scaling = Hyper(1, "s", NonNegative)
    lr_max = Hyper(1, r"\gamma^{\max}", NonNegative)
    f_min = Hyper(0, r"f^\star", Real)
    eps = Hyper(0, r"\epsilon", NonNegative)
    positive = Option(False)

    def update(s) -> None:
        # optax scales the gradient before it takes the norm, so that the scaling divides the gap's step.
        s.u = s.scaling * s.g
        s.square = model_total(s.u**2) + s.eps
        s.gap = maximum(s.loss - s.f_min, 0) if s.positive else s.loss - s.f_min
        # Below the rounding unit of a double the gradient counts as zero.
        s.step = where(s.square <= 2.220446049250313e-16, 0, minimum(s.gap / s.square, s.lr_max))
        s.p = s.p - s.step * s.u
