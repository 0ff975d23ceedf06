"""Show: one update rule as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from symopt.docs.describe import default_text, extents
from symopt.errors import UsageError, nearest
from symopt.ir.shape import let_shapes
from symopt.ir.text import node_text, trace_hash
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.printers import tex, text


def show(target: str | Rule | type[Rule], form: str = "text") -> str:
    """The update that a target names.

    Parameters
    ----------
    target: a target of the command line, or a rule.
    form: ``text`` (statements), ``latex`` (an ``aligned`` block), ``markdown`` or ``json``.

    Raises
    ------
    UsageError: no such form, or the target names nothing.
    SpecError: the rule's text is not a rule.
    """
    if form not in FORMS:
        raise UsageError(f"no format is called {form!r}; {nearest(form, FORMS)}")
    return "\n".join(FORMS[form](shown) for shown in traces_of(target))


def traces_of(target: str | Rule | type[Rule]) -> list[Trace]:
    """The traces of a target: one, or one for each kind of shape where code treats shapes differently."""
    from symopt.targets.resolve import subject  # it reads frameworks where the target is one of theirs

    return [part.trace for part in subject(target).parts]


def as_text(trace: Trace) -> str:
    """Declarations and statements, for a terminal."""
    lines = [f"{trace.title}: {trace.doc}" if trace.doc else trace.title]
    lines += [f"source: {trace.source}"] if trace.source else []
    rows = [(h.name, default_text(h.default), h.domain.describe(h.name)) for h in trace.hypers]
    states = [(state.name, text.expression(state.init), extents(trace)[state.name]) for state in trace.states]
    width = max((len(row[0]) for row in [*rows, *states]), default=0)
    number = max((len(row[1]) for row in rows), default=0)
    if rows:
        lines += ["", "hyper-parameters", *(f"  {n:<{width}} = {d:<{number}}  {domain}" for n, d, domain in rows)]
    if states:
        lines += ["", "states, before the first step", *(_state(width, *row) for row in states)]
    lines += ["", "step t = 1, 2, ...", *(f"  {statement}" for statement in text.statements(trace))]
    return "\n".join(lines) + "\n"


def _state(width: int, name: str, initial: str, extent: str) -> str:
    return f"  {name:<{width}} = {initial}" + (f"  {extent}" if extent else "")


def as_latex(trace: Trace) -> str:
    """The equations of a step as one ``aligned`` block."""
    return tex.aligned(trace) + "\n"


def as_markdown(trace: Trace) -> str:
    """A page: equations, hyper-parameters, states."""
    from symopt.docs.markdown import rule_markdown

    return rule_markdown(trace)


def as_json(trace: Trace) -> str:
    """The declarations and statements as one JSON document."""
    return json.dumps(document(trace), indent=2, ensure_ascii=False) + "\n"


def document(trace: Trace) -> dict[str, Any]:
    """What ``show --format json`` prints; numbers are exact rationals written as strings."""
    shapes = let_shapes(trace)
    return {
        "schema": "symopt.show/1",
        "target": trace.title,
        "rule": trace.name,
        "summary": trace.doc,
        "source": trace.source,
        "hash": trace_hash(trace),
        "hypers": [
            {"name": h.name, "default": str(h.default), "domain": h.domain.describe(h.name), "latex": h.tex}
            for h in trace.hypers
        ],
        "states": [
            {"name": s.name, "initial": text.expression(s.init, ascii=True), "shape": str(shapes[s.name])}
            for s in trace.states
        ],
        "given": list(trace.given),
        "draws": list(trace.draws),
        "gradients": [{"name": q.name, "at": text.expression(q.point, ascii=True)} for q in trace.queries],
        "statements": [
            {"name": let.name, "assigns": let.target, "value": text.expression(let.value, ascii=True),
             "graph": node_text(let.value)}
            for let in trace.lets
        ],
        "results": dict(trace.results),
        "schedules": dict(trace.scheduled),
        "latex": tex.equations(trace),
        "assumptions": list(trace.assumptions),
    }  # fmt: skip


FORMS: Mapping[str, Callable[[Trace], str]] = {
    "text": as_text, "latex": as_latex, "markdown": as_markdown, "json": as_json,
}  # fmt: skip
