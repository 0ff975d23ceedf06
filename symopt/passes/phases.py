"""Phases: a trace becomes a program, cut where gradients are asked for and split by rate.

A gradient that is asked for at the parameter needs nothing; one that is asked for elsewhere gives
the kernel a function of its own that computes the point, which the caller runs before it evaluates
the gradient. Rounding: preserved.
"""

from __future__ import annotations

from dataclasses import replace

from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, ref, refs, walk
from symopt.ir.program import Phase, Program, Store, Sweep
from symopt.ir.rate import Rate, let_rates
from symopt.ir.trace import PARAMETER, STEP, Let, Query, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.dtypes import assign_dtypes


def to_program(trace: Trace) -> Program:
    """The program of a trace whose step values are hoisted.

    Raises
    ------
    UnsupportedError: the rule reduces over a tensor or multiplies matrices, for which there are no
        kernels yet.
    """
    _check_class(trace)
    away = [query for query in trace.queries if query.point is not ref(PARAMETER)]
    names = ["point"] if len(away) == 1 else [f"point{number + 1}" for number in range(len(away))]
    # Each phase is a trace of its own, in which the gradients are given and nothing is asked for.
    given = replace(trace, queries=tuple(Query(query.name, ref(PARAMETER)) for query in trace.queries))
    points = [_phase(name, _point(given, query.point, name)) for query, name in zip(away, names, strict=True)]
    return Program(trace, (*points, _phase("step", drop_dead(given))))


def _check_class(trace: Trace) -> None:
    for node in walk(let.value for let in trace.lets):
        if isinstance(node, Reduce | MatOp):
            raise UnsupportedError(f"{trace.name}: kernels of rules with {node.op} are not generated yet")
    rates = let_rates(trace)
    for state in trace.states:
        if rates[state.name] != Rate.ELEMENT:
            raise UnsupportedError(f"{trace.name}: state {state.name} is no array; its kernels are not generated yet")


def _point(trace: Trace, value: Node, name: str) -> Trace:
    """The trace that computes where a gradient is asked for; the point is an array of its own."""
    lets = trace.lets
    if not isinstance(value, Ref):
        lets = (*lets, Let(f"{name}_new", value, name))
        value = ref(lets[-1].name)
    return drop_dead(replace(trace, lets=lets, results={name: value.name}))


def _phase(name: str, trace: Trace) -> Phase:
    """The phase that computes a trace's results: step values first, then one sweep over the elements."""
    rates = let_rates(trace)
    scalars = tuple(let for let in trace.lets if rates[let.name] == Rate.STEP)
    body = tuple(let for let in trace.lets if rates[let.name] != Rate.STEP)
    stores = tuple(Store(array, value) for array, value in trace.results.items())
    read = dict.fromkeys([*refs(*(let.value for let in body)), *(store.value for store in stores)])
    step_values = [*(hyper.name for hyper in trace.hypers), STEP, *(let.name for let in scalars)]
    arrays = [PARAMETER, *(query.name for query in trace.queries), *(state.name for state in trace.states)]
    return Phase(
        name=name,
        scalars=scalars,
        uniforms=tuple(value for value in step_values if value in read),
        dtypes=assign_dtypes(trace, scalars, body),
        sweeps=(Sweep(body, stores),),
        reads=tuple(array for array in arrays if array in read and array not in trace.results),
        writes=tuple(trace.results),
    )
