"""Whether two traces that were lifted from one source do the same."""

from __future__ import annotations

from symopt.errors import SymoptError
from symopt.ir.trace import Trace
from symopt.lift.canonical import canonical
from symopt.lift.lifted import Lifted

SECONDS = 3.0


def same_updates(a: Lifted, b: Lifted) -> bool:
    """Whether two lifted traces are the same statements, or are proved to be the same optimizer."""
    return a.scope == b.scope and equal_traces(a.trace, b.trace)


def equal_traces(a: Trace, b: Trace) -> bool:
    """Whether two traces are the same statements, or are proved to be the same optimizer."""
    if _same_expressions(a, b):
        return True
    from symopt.prove.compare import compare  # imported here, since lifting without a proof needs no prover

    try:
        return compare(a, b, hyper_map={}, time_limit=SECONDS).verdict == "equal"
    except (SymoptError, RecursionError):  # what the prover cannot take, or is too deep for it, is not proved
        return False


def _same_expressions(a: Trace, b: Trace) -> bool:
    """Whether two traces have the same states and new values, however these are written as statements."""
    if (a.states, a.given, a.draws) != (b.states, b.given, b.draws):
        return False
    one, other = a.step(), b.step()
    if one == other:
        return True
    # One call for both, since the order is that of objects that are alive.
    both = canonical([*one.values(), *(other[name] for name in one)])
    return both[: len(one)] == both[len(one) :]
