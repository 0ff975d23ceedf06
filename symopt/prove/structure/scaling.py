"""Factors of the inputs: proved by the degrees of all values, refuted by two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from symopt.checker.structure import check_scaling
from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Num, Op, Ref
from symopt.ir.shape import ELEMENT, let_shapes
from symopt.ir.trace import GRADIENT, HESSIAN, LOSS, PARAMETER, Trace
from symopt.lang.domain import Domain, Real
from symopt.lang.theorem import Scaling
from symopt.prove.deadline import Deadline
from symopt.prove.proof import Proof, Step
from symopt.prove.runner import Value
from symopt.prove.settlement import Settlement
from symopt.prove.structure.degrees import Degrees
from symopt.prove.structure.forms import NONE, ContradictionError, Form
from symopt.prove.structure.twins import Inputs, find_difference, spread, times

FACTOR = "c"
# What stands for it among the degrees; no declared name has a dot.
BASE = "factor."
FACTORS = tuple(map(Fraction, (4, 2)))


@dataclass(frozen=True)
class Factor:
    """``c**exponent``, or its negative."""

    exponent: Fraction
    negative: bool

    def of(self, base: Value) -> Value:
        """Its value for one ``c``; only where that is a rational number."""
        power = base**self.exponent.numerator if self.exponent.denominator == 1 else _root(base, self.exponent)
        return -power if self.negative else power


def _root(base: Value, exponent: Fraction) -> Value:
    return Fraction(round(float(base) ** (1 / exponent.denominator))) ** exponent.numerator


def settle_scaling(claim: Scaling, trace: Trace, time_limit: float) -> Settlement:
    """Find the factor of every state, or inputs on which the parameter does not follow.

    Raises
    ------
    UsageError: a name that is no input of the rule, or a factor that is none or leads out of a domain.
    """
    factors = read_factors(claim, trace)
    deadline = Deadline.after(time_limit)
    try:
        positive, sign = (_degrees(claim, trace, factors, modulus) for modulus in (0, 2))
    except ContradictionError as error:
        return _refuted(claim, trace, factors, error, deadline)
    steps = [
        Step(
            f"{state.name} is multiplied by {_text(positive, sign, state.name)} at the start, and after a step "
            "if it was before",
            "the degrees of its operations",
        )
        for state in trace.states
    ]
    steps += [
        Step(f"the point of {query.name} is multiplied by {claim.by.get(PARAMETER, '1')}",
             "the degrees of its operations")
        for query in trace.queries if trace.looks_ahead
    ]  # fmt: skip
    steps.append(Step(str(claim), "induction over the steps, from the initial states"))
    found = ", ".join(f"{state.name} is multiplied by {_text(positive, sign, state.name)}" for state in trace.states)
    return Settlement.holds(Proof(tuple(steps)), check_scaling(trace, claim), found)


def read_factors(claim: Scaling, trace: Trace) -> dict[str, Factor]:
    """The factors of a claim by the names of inputs; every gradient has that of ``g``."""
    gradients = tuple(query.name for query in trace.queries)
    domains = {**{hyper.name: hyper.domain for hyper in trace.hypers}, LOSS: Real}
    given = tuple(name for name in trace.given if name in (LOSS, HESSIAN))
    names = (*(hyper.name for hyper in trace.hypers), PARAMETER, GRADIENT, *given)
    factors: dict[str, Factor] = {}
    for name, text in claim.by.items():
        if name not in names:
            raise UsageError(f"{trace.title} has no input {name!r} to multiply; {nearest(name, names)}")
        factor = _factor(read_expression(text, (FACTOR,)), text)
        if name in domains and not _fits(domains[name], factor, claim.each):
            raise UsageError(f"{name} of {trace.title} multiplied by {text} leaves {domains[name].describe(name)}")
        factors |= dict.fromkeys(gradients if name == GRADIENT else (name,), factor)
    return factors


def _fits(domain: Domain, factor: Factor, each: bool) -> bool:
    """Whether all multiples of the values of a domain lie in it; one number has not a factor for every element."""
    cone = domain.lower in (None, 0) and domain.upper in (None, 0) and not domain.integer
    return cone and not (factor.negative and domain != Real) and not (each and factor.exponent)


def _factor(node: Node, text: str) -> Factor:
    match node:
        case Ref(name=name) if name == FACTOR:
            return Factor(Fraction(1), False)
        case Num(value=value) if value == 1:
            return Factor(Fraction(0), False)
        case Op(op="neg"):
            inner = _factor(node.args[0], text)
            return Factor(inner.exponent, not inner.negative)
        case Op(op="mul" | "div" as op):
            a, b = (_factor(arg, text) for arg in node.args)
            exponent = a.exponent + b.exponent if op == "mul" else a.exponent - b.exponent
            return Factor(exponent, a.negative != b.negative)
        case Op(op="sqrt", args=(inner_node,)):
            inner = _factor(inner_node, text)
            if not inner.negative:
                return Factor(inner.exponent / 2, False)
        case Op(op="pow", args=(base, exponent_node)):
            inner, power = _factor(base, text), _number(exponent_node)
            if power is not None and not inner.negative:
                return Factor(inner.exponent * power, False)
    raise UsageError(f"the factor {text!r} is no power of {FACTOR}; write -1, {FACTOR}, 1/{FACTOR} or {FACTOR}**2")


def _number(node: Node) -> Fraction | None:
    match node:
        case Num(value=value):
            return value
        case Op(op="neg", args=(Num(value=value),)):
            return -value
        case Op(op="div", args=(Num(value=a), Num(value=b))) if b:
            return a / b
    return None


def _degrees(claim: Scaling, trace: Trace, factors: Mapping[str, Factor], modulus: int) -> Degrees:
    """The degrees of ``c``, or, modulo 2, of -1."""
    states = {state.name for state in trace.states}
    known: dict[str, Form] = {name: NONE for name in trace.inputs if name not in states}
    for name, factor in factors.items():
        degree = Fraction(int(factor.negative)) if modulus else factor.exponent
        known[name] = {BASE: degree} if degree else NONE
    if claim.each:
        shapes = let_shapes(trace)
        known |= {name: NONE for name in states if shapes[name] != ELEMENT}
    degrees = Degrees(trace, known, modulus, claim.each)
    degrees.solve()
    return degrees


def _text(positive: Degrees, sign: Degrees, name: str) -> str:
    """The factor of a name as people write it; a degree that nothing determines counts as 0."""
    exponent = positive.exponents.value(positive.of[name]).get(BASE, Fraction(0))
    negative = bool(sign.exponents.value(sign.of[name]).get(BASE))
    power = "1" if not exponent else FACTOR if exponent == 1 else f"{FACTOR}**{_exponent(exponent)}"
    return f"-{power}" if negative else power


def _exponent(value: Fraction) -> str:
    return str(value) if value.denominator == 1 and value > 0 else f"({value})"


def _refuted(
    claim: Scaling, trace: Trace, factors: Mapping[str, Factor], error: ContradictionError, deadline: Deadline
) -> Settlement:
    own = factors.get(PARAMETER, Factor(Fraction(0), False))
    for base in FACTORS:
        value: Value = base
        if claim.each:
            value = spread(base, (2,))  # different factors of the elements, all of them positive

        def change(inputs: Inputs, c: Value = value) -> Inputs:
            return _changed(inputs, trace, factors, c)

        found = find_difference(trace, change, partial(_image, own, value), deadline, *_shape(claim))
        if found is not None:
            said = {"c": [str(x) for x in value] if claim.each else str(value), **found}
            return Settlement.fails(
                said, check_scaling(trace, claim, said), f"{error.equation.statement} does not follow"
            )
    return Settlement.unknown(
        f"{error.equation.what} are not multiplied alike in {error.equation.statement}, and no run shows it"
    )


def _image(factor: Factor, c: Value, p: Value) -> Value:
    return times(p, factor.of(c))


def _shape(claim: Scaling) -> list[tuple[int, ...]]:
    return [(2,)] if claim.each else []


def _changed(inputs: Inputs, trace: Trace, factors: Mapping[str, Factor], c: Value) -> Inputs:
    def changed(name: str, value: Value) -> Value:
        return times(value, factors[name].of(c)) if name in factors else value

    names = [query.name for query in trace.queries]
    return Inputs(
        {name: changed(name, value) for name, value in inputs.hypers.items()},
        changed(PARAMETER, inputs.theta),
        [[changed(name, g) for name, g in zip(names, answers, strict=True)] for answers in inputs.grads],
        [{name: changed(name, value) for name, value in now.items()} for now in inputs.given],
    )
