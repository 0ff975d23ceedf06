"""Types: as what each value of a phase is computed.

Numbers (of the step, of the model, of a tensor) are doubles whatever the arrays hold, so that powers,
corrections and norms do not lose digits; what varies by element, row or column has the arrays' own
type; conditions are truth values; t is a count. Rounding: preserved for arrays of doubles; for narrower
arrays this defines where values are rounded: once, when a number enters the element loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import CONDITIONS, Node, Op, Ref
from symopt.ir.program import DType
from symopt.ir.rate import Rate
from symopt.ir.trace import STEP, Trace


def assign_dtypes(trace: Trace, rates: Mapping[str, Rate]) -> dict[str, DType]:
    """The type of every name of a phase: inputs, results, then statements."""
    names = [*trace.inputs, *trace.results]
    dtypes = {name: DType.DOUBLE if rates.get(name, Rate.ELEMENT) <= Rate.TENSOR else DType.ELEMENT for name in names}
    dtypes[STEP] = DType.COUNT
    for let in trace.lets:
        number = DType.DOUBLE if rates[let.name] <= Rate.TENSOR else DType.ELEMENT
        dtypes[let.name] = DType.BOOL if _is_condition(let.value, dtypes) else number
    return dtypes


def _is_condition(value: Node, dtypes: Mapping[str, DType]) -> bool:
    """Whether an expression has a truth value: an operation that gives one, or the name of one."""
    if isinstance(value, Ref):
        return dtypes[value.name] is DType.BOOL
    return isinstance(value, Op) and value.op in CONDITIONS
