"""Types: where each value of a phase is computed, and as what.

Step values are doubles whatever the arrays hold, so that powers and corrections do not lose digits;
what varies by element has the arrays' own type; conditions are truth values; t is a count. Rounding:
preserved for arrays of doubles; for narrower arrays this defines where values are rounded: once, when
a step value enters the element loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symopt.ir.nodes import CONDITIONS, Node, Op, Ref
from symopt.ir.program import DType
from symopt.ir.trace import PARAMETER, STEP, Let, Trace


def assign_dtypes(trace: Trace, scalars: Sequence[Let], body: Sequence[Let]) -> dict[str, DType]:
    """The type of every name of a phase: inputs, then scalars, then the statements of its sweeps."""
    gradients, states = (query.name for query in trace.queries), (state.name for state in trace.states)
    arrays = [PARAMETER, *gradients, *states, *trace.results]
    dtypes = dict.fromkeys((hyper.name for hyper in trace.hypers), DType.DOUBLE)
    dtypes |= {STEP: DType.COUNT} | dict.fromkeys(arrays, DType.ELEMENT)
    for lets, number in ((scalars, DType.DOUBLE), (body, DType.ELEMENT)):
        for let in lets:
            dtypes[let.name] = DType.BOOL if _is_condition(let.value, dtypes) else number
    return dtypes


def _is_condition(value: Node, dtypes: Mapping[str, DType]) -> bool:
    """Whether an expression has a truth value: an operation that gives one, or the name of one."""
    if isinstance(value, Ref):
        return dtypes[value.name] is DType.BOOL
    return isinstance(value, Op) and value.op in CONDITIONS
