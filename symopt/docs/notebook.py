"""What rules look like in a notebook."""

from __future__ import annotations

from symopt.lang.rule import Rule
from symopt.passes.tracing import trace
from symopt.printers import tex


def rule_latex(rule: Rule) -> str:
    """The equations of one step as displayed mathematics."""
    return f"$$\n{tex.aligned(trace(rule))}\n$$"
