"""A rule as Markdown: equations that GitHub, MyST and notebooks render, and what it declares as tables."""

from __future__ import annotations

from symopt.docs.algorithm import domain_text
from symopt.docs.describe import default_text
from symopt.docs.templates import render
from symopt.ir.trace import Trace
from symopt.printers import tex
from symopt.printers.naming import declared_symbol


def rule_markdown(trace: Trace) -> str:
    """One page: what the rule is, its initial values, its step, its hyper-parameters."""
    hypers = [
        (hyper.name, tex.TEX.symbol(hyper.name, declared_symbol(hyper.name, hyper.tex)), default_text(hyper.default),
         domain_text(hyper.domain))
        for hyper in trace.hypers
    ]  # fmt: skip
    return render(
        "rule.md.j2", trace=trace, initial=tex.initial_values(trace), aligned=tex.aligned(trace), hypers=hypers
    )
