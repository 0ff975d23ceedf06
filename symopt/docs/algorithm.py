"""The algorithm box: a rule as papers print it, with what it requires, where it starts, and its steps."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from symopt.docs.describe import default_text, extents
from symopt.ir.trace import HyperInfo, Trace
from symopt.lang.domain import Domain
from symopt.printers import mathml
from symopt.printers.equations import Equation, initial_equations, trace_equations
from symopt.printers.mathml import MATHML
from symopt.printers.naming import PARAMETER_SYMBOL, initial_symbols, trace_symbols
from symopt.printers.patterns import with_normals


@dataclass(frozen=True)
class HyperRow:
    """A hyper-parameter as a row of a table."""

    name: str
    symbol: Markup
    default: str
    domain: str


@dataclass(frozen=True)
class StateRow:
    """A state as a row of a table."""

    name: str
    symbol: Markup
    initial: Markup
    extent: str


@dataclass(frozen=True)
class Line:
    """One numbered line of an algorithm; ``stands_out`` where the rule beside it has no such line."""

    number: int
    math: Markup
    stands_out: bool = False


@dataclass(frozen=True)
class Algorithm:
    """What the template of the algorithm box needs."""

    title: str
    summary: str
    source: str
    parameter: Markup
    hypers: tuple[HyperRow, ...]
    states: tuple[StateRow, ...]
    initial: tuple[Markup, ...]
    lines: tuple[Line, ...]


def algorithm(trace: Trace, beside: Trace | None = None) -> Algorithm:
    """The box of a rule; lines that the rule ``beside`` it lacks stand out."""
    others = None if beside is None else {(e.left, e.right) for e in _step(beside)}
    lines = tuple(
        Line(number, _relation(e), others is not None and (e.left, e.right) not in others)
        for number, e in enumerate(_step(trace), start=1)
    )
    before, extent = initial_symbols(trace), extents(trace)
    initial = initial_equations(trace, MATHML, before)
    return Algorithm(
        title=trace.title,
        summary=trace.doc,
        source=trace.source,
        parameter=_math(mathml.symbol_elements(PARAMETER_SYMBOL.at("0"))),
        hypers=tuple(_hyper_row(trace, hyper) for hyper in trace.hypers),
        states=tuple(
            StateRow(e.name, _math(mathml.symbol_elements(before[e.name])), _math(e.right), extent[e.name])
            for e in initial
        ),
        initial=tuple(map(_relation, initial)),
        lines=lines,
    )  # fmt: skip


def domain_text(domain: Domain) -> str:
    """A domain as an interval: [0, 1), (0, ∞), the integers from 1."""
    if domain.integer:
        return "integers" if domain.lower is None else f"integers from {domain.lower}"
    if domain.lower is None and domain.upper is None:
        return "real"
    lower = "(−∞" if domain.lower is None else f"{'(' if domain.lower_open else '['}{domain.lower}"
    upper = "∞)" if domain.upper is None else f"{domain.upper}{')' if domain.upper_open else ']'}"
    return f"{lower}, {upper}"


def _step(trace: Trace) -> list[Equation]:
    shown = with_normals(trace)
    return trace_equations(shown, MATHML, trace_symbols(shown))


def _hyper_row(trace: Trace, hyper: HyperInfo) -> HyperRow:
    symbol = trace_symbols(trace)[hyper.name]
    return HyperRow(
        hyper.name, _math(mathml.symbol_elements(symbol)), default_text(hyper.default), domain_text(hyper.domain)
    )


def _relation(equation: Equation) -> Markup:
    return _math(f"{equation.left}<mo>{mathml.RELATIONS[equation.relation]}</mo>{equation.right}")


def _math(elements: str) -> Markup:
    return Markup(mathml.math(elements))
