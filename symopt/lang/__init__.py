"""The language of specs: what a rule's file imports."""

from symopt.lang.compose import Chain, Part
from symopt.lang.declare import Hyper, Inner, Option, State
from symopt.lang.domain import ClosedUnitInterval, Domain, NonNegative, Positive, PositiveInteger, Real, UnitInterval
from symopt.lang.idioms import debias, ema, every
from symopt.lang.ops import (
    Expr,
    absolute,
    cbrt,
    clip,
    cos,
    eigenbasis,
    equal,
    exp,
    floor,
    inverse_root,
    largest,
    log,
    matmul,
    maximum,
    mean,
    minimum,
    model_norm,
    model_total,
    norm,
    orthogonal,
    pi,
    rms,
    sign,
    smallest,
    sqrt,
    total,
    transpose,
    unwide,
    where,
    wide,
)  # fmt: skip
from symopt.lang.rule import Rule, Schedule

__all__ = [
    "Chain", "ClosedUnitInterval", "Domain", "Expr", "Hyper", "Inner", "NonNegative", "Option", "Part", "Positive",
    "PositiveInteger", "Real", "Rule", "Schedule", "State", "UnitInterval", "absolute", "cbrt", "clip", "cos", "debias",
    "eigenbasis", "ema", "equal", "every", "exp", "floor", "inverse_root", "largest", "log", "matmul", "maximum",
    "mean", "minimum", "model_norm", "model_total", "norm", "orthogonal", "pi", "rms", "sign", "smallest", "sqrt",
    "total", "transpose", "unwide", "where", "wide",
]  # fmt: skip
