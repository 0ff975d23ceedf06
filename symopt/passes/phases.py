"""Phases: a trace becomes a program, cut where gradients are asked for and divided into stages.

A gradient that is asked for at the parameter needs nothing; one that is asked for elsewhere gives
the kernel a function of its own that computes the point, which the caller runs before it evaluates
the gradient. Rounding: preserved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from symopt.ir.nodes import Ref, ref, refs
from symopt.ir.program import DType, Phase, Product, Program, Scalars, Segment, Store, Sweep
from symopt.ir.rate import Rate, let_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, Let, Query, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.dtypes import assign_dtypes
from symopt.passes.stages import stages_of


def to_program(trace: Trace) -> Program:
    """The program of a trace whose reductions and matrix operations stand alone.

    Raises
    ------
    UnsupportedError: values of every tensor of a model would have to be kept between two looks at it.
    """
    away = [query for query in trace.queries if query.point is not ref(PARAMETER)]
    names = ["point"] if len(away) == 1 else [f"point{number + 1}" for number in range(len(away))]
    # Each phase is a trace of its own, in which the gradients are given and nothing is asked for.
    given = replace(trace, queries=tuple(Query(query.name, ref(PARAMETER)) for query in trace.queries))
    points = [_phase(name, _point(given, query, name)) for query, name in zip(away, names, strict=True)]
    return Program(trace, (*points, _phase("step", drop_dead(given))), let_shapes(trace), let_rates(trace))


def _point(trace: Trace, query: Query, name: str) -> Trace:
    """The trace that computes where a gradient is asked for; the point is an array of its own."""
    lets, value = trace.lets, query.point
    if not isinstance(value, Ref):
        lets = (*lets, Let(f"{name}_new", value, name))
        value = ref(lets[-1].name)
    return drop_dead(replace(trace, lets=lets, results={name: value.name}))


def _phase(name: str, trace: Trace) -> Phase:
    """The phase that computes a trace's results."""
    rates = let_rates(trace)
    states = [state.name for state in trace.states]
    scalar = {state for state in states if rates[state] <= Rate.TENSOR}
    segments, buffers = stages_of(trace, rates)
    read = _read_names(segments)
    arrays = [array for array in (*trace.arrays, *states) if array not in scalar]
    return Phase(
        name=name,
        segments=segments,
        dtypes=assign_dtypes(trace, rates) | {buffer.name: DType.ELEMENT for buffer in buffers},
        reads=tuple(array for array in arrays if array in read and array not in trace.results),
        writes=tuple(array for array in trace.results if array not in scalar),
        numbers=tuple(state for state in states if state in scalar and (state in read or state in trace.results)),
        number_stores=tuple(Store(s, trace.results[s]) for s in states if s in scalar and s in trace.results),
        buffers=buffers,
    )


def _read_names(segments: Iterable[Segment]) -> set[str]:
    """Every name that some stage or number of a phase reads."""
    found: set[str] = set()
    for segment in segments:
        found.update(refs(*(let.value for let in segment.scalars)))
        for stage in segment.stages:
            match stage:
                case Scalars(lets=lets):
                    found.update(refs(*(let.value for let in lets)))
                case Sweep():
                    found.update(stage.reads)
                case Product(value=value):
                    found.update(refs(value))
    return found
