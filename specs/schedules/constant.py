from symopt.lang import Expr, Schedule


class Constant(Schedule):
    """The base value at every step."""

    source = "the default of every framework"

    def value(s) -> Expr:
        return s.base
