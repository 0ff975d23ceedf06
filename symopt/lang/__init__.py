"""The language of specs: what a rule's file imports."""

from symopt.lang.declare import Hyper, Option, State
from symopt.lang.domain import Domain, NonNegative, Positive, PositiveInteger, Real, UnitInterval
from symopt.lang.idioms import debias, ema
from symopt.lang.ops import (
    Expr,
    absolute,
    clip,
    cos,
    equal,
    exp,
    floor,
    largest,
    log,
    matmul,
    maximum,
    mean,
    minimum,
    norm,
    pi,
    rms,
    sign,
    sqrt,
    total,
    transpose,
    where,
)  # fmt: skip
from symopt.lang.rule import Rule, Schedule

__all__ = [
    "Domain", "Expr", "Hyper", "NonNegative", "Option", "Positive", "PositiveInteger", "Real", "Rule", "Schedule",
    "State", "UnitInterval", "absolute", "clip", "cos", "debias", "ema", "equal", "exp", "floor", "largest", "log",
    "matmul", "maximum", "mean", "minimum", "norm", "pi", "rms", "sign", "sqrt", "total", "transpose", "where",
]  # fmt: skip
