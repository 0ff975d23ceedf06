"""A first step as a module of Coq: the rule, and that its first step from the start is what is said."""

from __future__ import annotations

from typing import Any

from symopt.coq.lemmas import Lemmas
from symopt.coq.rules import FIRST, domain_text, rule_view
from symopt.coq.terms import Printer, comment, coq_name
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, num, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.theorem import FirstStep


def first_step_view(name: str, statement: str, trace: Trace, claim: FirstStep) -> dict[str, Any]:
    """What the template of a first step is filled with.

    Raises
    ------
    NotExportableError: something in it has no form in Coq.
    """
    hypers = [hyper.name for hyper in trace.hypers]
    gradients = [query.name for query in trace.queries]
    given = [*trace.given, *trace.draws]
    names = {hyper: coq_name("h", hyper) for hyper in hypers} | {PARAMETER: "p"}
    answers = {answer: coq_name("g", answer) for answer in (*gradients, *given)}
    start: dict[str, Node] = {state.name: state.init for state in trace.states}
    stepped = substitute(substitute([trace.step()[PARAMETER]], start), {STEP: num(1)})[0]
    stated = read_expression(claim.value, (*hypers, PARAMETER, *gradients))
    lemmas = Lemmas({**names, **answers}, [*hypers, PARAMETER, *answers], trace.domains, hypers)
    lemma = lemmas.equal("first", stepped, stated, {STEP: FIRST})
    return {
        "module": coq_name("T", name), "statement": comment(statement), "parameters": [names[h] for h in hypers],
        "domains": [(f"d_{names[h]}", text) for h in hypers if (text := domain_text(trace.domains[h], names[h]))],
        "conditions": lemmas.hypotheses, "side": rule_view("l", trace, {**names, **answers}, [*answers.values()]),
        "answers": [*answers.values()], "args": " ".join(answers.values()), "lemma": lemma, "proved": ["first_step"],
        "stated": Printer({**names, **answers}, {STEP: FIRST}, unfolded=False)(stated),
    }  # fmt: skip
