"""Phases: a trace becomes a program, cut where gradients are asked for and divided into stages.

A gradient that is asked for at the parameter needs nothing; one that is asked for elsewhere gives
the kernel a function of its own that computes the point, which the caller runs before it evaluates
the gradient. Rounding: preserved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from symopt.ir.nodes import Ref, ref, refs
from symopt.ir.program import DType, Phase, Product, Program, Scalars, Segment, Store, Sweep
from symopt.ir.rate import Rate, let_rates, rate_of
from symopt.ir.shape import Shape, let_shapes, shape_of
from symopt.ir.trace import PARAMETER, Let, Query, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.dtypes import assign_dtypes
from symopt.passes.rewriting import Names
from symopt.passes.stages import stages_of


def to_program(trace: Trace) -> Program:
    """The program of a trace whose reductions and matrix operations stand alone.

    Raises
    ------
    UnsupportedError: values of every tensor of a model would have to be kept between two looks at it.
    """
    away = [query for query in trace.queries if query.point is not ref(PARAMETER)]
    names = ["point"] if len(away) == 1 else [f"point{number + 1}" for number in range(len(away))]
    # Each phase is a trace of its own, in which the gradients are given and nothing is asked for. What a state
    # is does not depend on the phase: a point does not say what its new value is.
    given = replace(trace, queries=tuple(Query(query.name, ref(PARAMETER)) for query in trace.queries))
    shapes, rates = let_shapes(trace), let_rates(trace)
    traces = {name: _point(given, query, name) for query, name in zip(away, names, strict=True)}
    phases = [_phase(name, point, shapes, rates) for name, point in {**traces, "step": drop_dead(given)}.items()]
    return Program(trace, tuple(phases), shapes, rates)


def _point(trace: Trace, query: Query, name: str) -> Trace:
    """The trace that computes where a gradient is asked for; the point is an array of its own."""
    lets, value = trace.lets, query.point
    names = Names([*trace.inputs, *(let.name for let in lets)])
    array = names.fresh(ref(name))
    if not isinstance(value, Ref):
        lets = (*lets, Let(names.fresh(ref(f"{name}_new")), value, name))
        value = ref(lets[-1].name)
    return drop_dead(replace(trace, lets=lets, results={array: value.name}))


def _phase(name: str, trace: Trace, shapes: Mapping[str, Shape], rates: Mapping[str, Rate]) -> Phase:
    """The phase that computes a trace's results, from the shapes and rates of the names of the whole rule."""
    shapes, rates = dict(shapes), dict(rates)
    for let in trace.lets:  # the point itself is no name of the rule
        if let.name not in rates:
            shapes[let.name] = shape_of(let.value, shapes)
            rates[let.name] = rate_of(let.value, rates, shapes)
    states = [state.name for state in trace.states]
    scalar = {state for state in states if rates[state] <= Rate.TENSOR}
    segments, buffers = stages_of(trace, rates, shapes)
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
