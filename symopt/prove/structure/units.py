"""Units by unification: every sum asks for like units, and what follows for hyper-parameters and states."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.checker.units import check_units
from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Num, Op, Ref
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP, Trace
from symopt.lang.theorem import Units
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement
from symopt.prove.structure.degrees import Degrees
from symopt.prove.structure.forms import NONE, ContradictionError, Form

UNITS = ("L", "P")
# What stands for a unit in a form; no declared name has a dot.
BASES: Mapping[str, str] = {f"unit.{unit}": unit for unit in UNITS}


def settle_units(claim: Units, trace: Trace, time_limit: float) -> Settlement:
    """Find the units of all hyper-parameters and states, or the statement that adds unlike ones.

    Raises
    ------
    UsageError: a name without a unit of its own, or a unit that is none.
    """
    wanted = _wanted(claim, trace)
    degrees = Degrees(trace, known_units(trace))
    try:
        degrees.solve()
    except ContradictionError as error:
        what = f"{error.equation.what} have the units {_unit(error.left)} and {_unit(error.right)}"
        said = {"statement": error.equation.statement, "unlike": what}
        return Settlement.fails(said, check_units(trace, claim, what), what)
    names = [*(hyper.name for hyper in trace.hypers), *(state.name for state in trace.states)]
    units = {name: degrees.exponents.value(degrees.of[name]) for name in names}
    found = ", ".join(f"{name}: {_unit(unit)}" for name, unit in units.items())
    wrong = next((name for name, unit in wanted.items() if units[name] != unit), None)
    if wrong is not None:
        other = _other(wanted[wrong], units[wrong])
        said = {name: _unit(_instance(unit, other)) for name, unit in units.items()}
        return Settlement.fails(said, check_units(trace, claim, None, said), found)
    steps = [Step(f"{name} has the unit {_unit(unit)}", "its sums and comparisons") for name, unit in units.items()]
    steps.append(Step(str(claim), f"{len(degrees.exponents.equations)} sums and comparisons are of like units"))
    shown = {name: _unit(_instance(unit, Fraction(0))) for name, unit in units.items()}
    return Settlement.holds(Proof(tuple(steps)), check_units(trace, claim, None, shown), found)


def known_units(trace: Trace) -> dict[str, Form]:
    """The units of what is given: the parameter, gradients, the loss and its second derivative; numbers have none."""
    loss, parameter = BASES
    known: dict[str, Form] = dict.fromkeys((STEP, *SIZES, *trace.draws), NONE)
    one = Fraction(1)
    known |= {PARAMETER: {parameter: one}, LOSS: {loss: one}, HESSIAN: {loss: one, parameter: Fraction(-2)}}
    known |= {query.name: {loss: one, parameter: -one} for query in trace.queries}
    return {name: known[name] for name in trace.inputs if name in known}


def _wanted(claim: Units, trace: Trace) -> dict[str, Form]:
    names = [*(hyper.name for hyper in trace.hypers), *(state.name for state in trace.states)]
    for name in claim.units:
        if name not in names:
            raise UsageError(f"{trace.title} has no hyper-parameter or state {name!r}; {nearest(name, names)}")
    return {name: read_unit(text) for name, text in claim.units.items()}


def read_unit(text: str) -> Form:
    """A product of powers of L and P.

    Raises
    ------
    UsageError: the text is none.
    """
    form = _read(read_expression(text, UNITS))
    if form is None:
        raise UsageError(f"{text!r} is no unit; write 1 or a product of powers of L and P, as in L/P**2")
    return {base: c for base, c in form.items() if c}


def _read(node: Node) -> dict[str, Fraction] | None:
    match node:
        case Ref(name=name) if name in UNITS:
            return {f"unit.{name}": Fraction(1)}
        case Num(value=value) if value == 1:
            return {}
        case Op(op="sqrt", args=(inner,)):
            return _times(_read(inner), Fraction(1, 2))
        case Op(op="pow", args=(base, exponent)):
            match exponent:
                case Num(value=value):
                    return _times(_read(base), value)
                case Op(op="neg", args=(Num(value=value),)):
                    return _times(_read(base), -value)
                case Op(op="div", args=(Num(value=a), Num(value=b))):
                    return _times(_read(base), a / b)
        case Op(op="mul" | "div" as op, args=(left, right)):
            a_form, b_form = _read(left), _times(_read(right), Fraction(1 if op == "mul" else -1))
            if a_form is not None and b_form is not None:
                return {base: a_form.get(base, Fraction(0)) + b_form.get(base, Fraction(0)) for base in BASES}
    return None


def _times(form: dict[str, Fraction] | None, factor: Fraction) -> dict[str, Fraction] | None:
    return None if form is None else {base: c * factor for base, c in form.items()}


def _unit(form: Form) -> str:
    """A unit as people write it; what is not determined is written as the unit of what it is of."""
    above: list[str] = []
    below: list[str] = []
    for name, exponent in form.items():
        shown = BASES.get(name, f"[{name}]")
        power = abs(exponent)
        text = shown if power == 1 else f"{shown}**{power}" if power.denominator == 1 else f"{shown}**({power})"
        (above if exponent > 0 else below).append(text)
    top = "*".join(above) or "1"
    return top if not below else f"{top}/{below[0]}" if len(below) == 1 else f"{top}/({'*'.join(below)})"


def _other(wanted: Form, unit: Form) -> Fraction:
    """An exponent for what is not determined that makes the unit another than the one that is claimed."""
    return next(k for k in map(Fraction, (0, 1)) if _instance(unit, k) != wanted)


def _instance(unit: Form, exponent: Fraction) -> Form:
    """A unit in which what is not determined has the unit ``L**exponent``."""
    (loss, _) = BASES
    total = {base: unit.get(base, Fraction(0)) for base in BASES}
    for name, c in unit.items():
        if name not in BASES:
            total[loss] += c * exponent
    return {base: c for base, c in total.items() if c}
