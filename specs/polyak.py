from symopt.specs.heavy_ball import HeavyBall


class Polyak(HeavyBall):  # type: ignore[misc]  # mypy sees specs only as top-level files
    """The heavy ball under its author's name."""
