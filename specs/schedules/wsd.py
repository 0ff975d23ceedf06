from symopt.lang import Expr, Hyper, Option, PositiveInteger, Schedule, clip, cos, minimum, pi, sqrt


class WSD(Schedule):
    """Grows linearly to the base value, stays there, and decays to zero: as one minus a root, a line or a cosine."""

    source = (
        "Hu et al. 2024 (MiniCPM), section 4; Hägele et al. 2024 (1 - sqrt); "
        "pytorch_optimizer.get_wsd_schedule 4.1.0 with min_lr_ratio = 0"
    )

    warmup = Hyper(100, "W", PositiveInteger)
    stable = Hyper(700, "S", PositiveInteger)
    decay = Hyper(200, "D", PositiveInteger)
    linear = Option(False)
    cosine = Option(False, excludes="linear")

    def value(s) -> Expr:
        k = s.t - 1
        share = clip((k - s.warmup - s.stable) / s.decay, 0, 1)
        left = 1 - share if s.linear else (1 + cos(pi * share)) / 2 if s.cosine else 1 - sqrt(share)
        return s.base * minimum(k / s.warmup, left)
