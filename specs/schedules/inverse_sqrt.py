from symopt.lang import Expr, Hyper, PositiveInteger, Schedule, maximum, minimum, sqrt


class InverseSqrt(Schedule, name="inverse_sqrt"):
    """Grows linearly from zero to the base value, and falls as one over the root of the steps."""

    source = "fairseq's InverseSquareRootSchedule; transformers.get_inverse_sqrt_schedule, where timescale is warmup"

    warmup = Hyper(4000, "W", PositiveInteger)

    def value(s) -> Expr:
        k = s.t - 1
        return s.base * minimum(k / s.warmup, sqrt(s.warmup / maximum(k, s.warmup)))
