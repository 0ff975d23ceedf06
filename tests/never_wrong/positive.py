"""What is certainly positive, or not negative, as far as rewritings need it: a few lines that share nothing."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Reduce, Ref
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain

Domains = Mapping[str, Domain]
ONE = Fraction(1)


def positive(node: Node, domains: Domains) -> bool:
    """Whether a value is certainly more than zero, in all domains and at every step."""
    match node:
        case Num(value=value):
            return value > 0
        case Ref(name=name):
            domain = domains.get(name, Domain())
            return name == STEP or (domain.lower is not None and (domain.lower > 0 or domain.lower_open))
        case Op(op="add", args=(a, b)):
            both = positive(a, domains) and not_negative(b, domains), not_negative(a, domains) and positive(b, domains)
            return any(both)
        case Op(op="mul" | "div", args=(a, b)):
            return positive(a, domains) and positive(b, domains)
        case Op(op="max", args=(a, b)):
            return positive(a, domains) or positive(b, domains)
        case Op(op="sqrt" | "pow", args=(a, *_)):
            return positive(a, domains)
        case Op(op="exp"):
            return True
        case Op(op="sub", args=(Num(value=value), b)) if value == 1:
            return _below_one(b, domains)
    return False


def not_negative(node: Node, domains: Domains) -> bool:
    """Whether a value is certainly at least zero, wherever it is defined."""
    match node:
        case Num(value=value):
            return value >= 0
        case Ref(name=name):
            lower = domains.get(name, Domain()).lower
            return name == STEP or (lower is not None and lower >= 0)
        case Op(op="mul", args=(a, b)) if a is b:
            return True
        case Op(op="pow", args=(a, Num(value=k))) if k.denominator == 1 and k % 2 == 0:
            return True
        case Op(op="add" | "mul" | "min", args=(a, b)):
            return not_negative(a, domains) and not_negative(b, domains)
        case Op(op="max", args=(a, b)):
            return not_negative(a, domains) or not_negative(b, domains)
        case Op(op="div", args=(a, b)):
            return not_negative(a, domains) and not_negative(b, domains)
        case Op(op="abs" | "sqrt"):
            return True
        case Op(op="pow", args=(a, _)):
            return not_negative(a, domains)
        case Reduce(args=(a,)):
            return not_negative(a, domains)
    return positive(node, domains)


def _below_one(node: Node, domains: Domains) -> bool:
    match node:
        case Ref(name=name):
            domain = domains.get(name, Domain())
            inside = domain.lower is not None and domain.lower >= 0 and domain.upper == ONE and domain.upper_open
            return name != STEP and inside
        case Op(op="pow", args=(a, Ref(name=name))):
            return name == STEP and _below_one(a, domains)
        case Op(op="mul", args=(a, b)):
            return _below_one(a, domains) and _below_one(b, domains)
        case Num(value=value):
            return 0 <= value < 1
    return False
