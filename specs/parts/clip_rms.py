from symopt.lang import Expr, Hyper, Part, Positive, maximum, rms


class ClipRMS(Part, name="clip_rms"):
    """A direction whose root mean square is above the limit is scaled down to it; each tensor is taken for itself."""

    source = "Shazeer & Stern 2018, section 6; optax.clip_by_block_rms 0.2.8"

    limit = Hyper(1, "d", Positive)

    def direction(s, u: Expr) -> Expr:
        return u / maximum(1, rms(u) / s.limit)
