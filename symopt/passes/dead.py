"""Dead code: statements that no result needs go away. Rounding: preserved."""

from __future__ import annotations

from symopt.ir.nodes import refs
from symopt.ir.trace import Trace


def drop_dead(trace: Trace) -> Trace:
    """The trace without statements that neither a result nor a query reads."""
    live = {*trace.results.values(), *refs(*(query.point for query in trace.queries))}
    kept = []
    for let in reversed(trace.lets):
        if let.name in live:
            kept.append(let)
            live.update(refs(let.value))
    return trace.with_lets(tuple(reversed(kept)))
