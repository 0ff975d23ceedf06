"""HTML pages: one file each, with its style inside and its mathematics as MathML, readable without a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symopt.docs.algorithm import Algorithm, algorithm
from symopt.docs.prose import Typesetter, html_typesetter, verdict_symbols
from symopt.docs.templates import render
from symopt.docs.verdict_view import Verdict, VerdictView, names_in, verdict_view
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace
from symopt.printers.symbols import Symbol
from symopt.theorems import TheoremResult


@dataclass(frozen=True)
class TheoremView:
    """A theorem as a page shows it, typeset: its statement, the reason for people, the steps of its proof."""

    name: str
    holds: bool
    statement: str
    why: str
    steps: tuple[str, ...]
    checked: str


def rule_page(rule: Rule) -> str:
    """A page with one rule: its algorithm, hyper-parameters and states."""
    recorded = trace(rule)
    return render("rule.html.j2", title=recorded.title, rules=[algorithm(recorded)])


def comparison_page(
    title: str, left: Rule, right: Rule, verdicts: Sequence[Verdict], theorems: Sequence[TheoremResult] = ()
) -> str:
    """A page with two rules side by side, what was found out about them, and theorems around them."""
    traces = trace(left), trace(right)
    boxes: list[Algorithm] = [algorithm(traces[0], traces[1]), algorithm(traces[1], traces[0])]
    views: list[VerdictView] = [
        verdict_view(verdict, html_typesetter(verdict_symbols(*traces, others=names_in(verdict))))
        for verdict in verdicts
    ]
    # Theorems about sums over the steps count them with k.
    counting = html_typesetter(verdict_symbols(*traces, others={"k": Symbol(("k",))}))
    shown = [_theorem_view(result, counting) for result in theorems]
    return render("comparison.html.j2", title=title, rules=boxes, verdicts=views, theorems=shown)


def _theorem_view(result: TheoremResult, setter: Typesetter) -> TheoremView:
    proof = result.proof or (result.comparison.proof if result.comparison is not None else None)
    return TheoremView(
        name=result.theorem.name,
        holds=result.exit_status == 0,
        statement=setter.sentence(result.theorem.statement),
        why=setter.sentence(result.theorem.why),
        steps=tuple(setter.sentence(step.statement) for step in proof.steps) if proof is not None else (),
        checked=setter.plain(result.check.how),
    )
