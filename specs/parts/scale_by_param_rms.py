from symopt.lang import Expr, Hyper, NonNegative, Part, maximum, rms


class ScaleByParamRMS(Part, name="scale_by_param_rms"):
    """The direction times the root mean square of the parameter."""

    source = "Shazeer & Stern 2018, section 8; optax.scale_by_param_block_rms 0.2.8"

    least = Hyper(1e-3, "s", NonNegative)

    def direction(s, u: Expr) -> Expr:
        return maximum(rms(s.p), s.least) * u
