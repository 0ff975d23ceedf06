"""What rules and verdicts look like in a notebook."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.docs.algorithm import algorithm
from symopt.docs.prose import Typesetter, html_typesetter, verdict_symbols
from symopt.docs.templates import render
from symopt.docs.verdict_view import Verdict, names_in, verdict_view
from symopt.ir.trace import GRADIENT
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace
from symopt.printers import tex
from symopt.printers.symbols import Symbol


def rule_latex(rule: Rule) -> str:
    """The equations of one step as displayed mathematics."""
    return f"$$\n{tex.aligned(trace(rule))}\n$$"


def rule_html(rule: Rule) -> str:
    """The algorithm of a rule with its hyper-parameters and states, the mathematics as MathML."""
    return render("algorithm.html.j2", rule=algorithm(trace(rule)))


def verdict_html(verdict: Verdict) -> str:
    """A verdict with its proof and its witness, the mathematics as MathML."""
    return render("verdict.html.j2", verdict=verdict_view(verdict, html_typesetter(_symbols(verdict))))


def verdict_latex(verdict: Verdict) -> str:
    """A verdict as displayed mathematics: what holds, under which map, why, and the witness."""
    lines = " \\\\\n".join(_lines(verdict))
    lines = lines.replace("↦", r"\mapsto")
    return f"$$\n\\begin{{array}}{{l}}\n{lines}\n\\end{{array}}\n$$"


def _lines(verdict: Verdict) -> Iterator[str]:
    setter = _display(_symbols(verdict))
    view = verdict_view(verdict, setter)
    yield setter.plain(f"{view.left} and {view.right}: {view.badge}")
    yield setter.plain(view.headline)
    yield from [view.cause] if view.cause else []
    for fact in view.facts:
        yield from (setter.plain(f"{fact.label}: ") + value for value in fact.values)
    for row in view.witness:
        yield f"{row.symbol} = {setter.plain(' against ').join(row.values)}"


def _symbols(verdict: Verdict) -> dict[str, Symbol]:
    """The symbols of a verdict whose rules are not at hand; it calls the gradient g."""
    return verdict_symbols(others={GRADIENT: Symbol((GRADIENT,)), **names_in(verdict)})


def _display(symbols: dict[str, Symbol]) -> Typesetter:
    """Text within displayed mathematics; not every renderer knows an underscore inside ``\\text``."""

    def plain(text: str) -> str:
        parts = [rf"\text{{{tex.escape_text(part)}}}" if part else "" for part in text.split("_")]
        return r"\_".join(parts)

    return Typesetter(symbols, tex.expression, plain, space=r"\ ")
