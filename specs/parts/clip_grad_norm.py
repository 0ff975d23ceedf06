from symopt.lang import Expr, Hyper, NonNegative, Part, Positive, minimum, model_norm


class ClipGradNorm(Part, name="clip_grad_norm"):
    """Clipping by the norm over the model as PyTorch has it, with a small number in the denominator."""

    source = "torch.nn.utils.clip_grad_norm_ 2.13"

    limit = Hyper(1, "c", NonNegative)
    eps = Hyper(1e-6, r"\epsilon", Positive)

    def direction(s, u: Expr) -> Expr:
        s.factor = minimum(s.limit / (model_norm(u) + s.eps), 1)
        return s.factor * u
