"""Naming: the symbol of every name in a trace.

A symbol comes from the TeX that the author declared, or from the name itself. Time indices come from
the trace: a state is read at t-1 and written at t, and values in between are primed.
"""

from __future__ import annotations

from collections import Counter

from symopt.ir.nodes import refs
from symopt.ir.trace import PARAMETER, STEP, HyperInfo, StateInfo, Trace
from symopt.printers.symbols import Symbol, from_name
from symopt.printers.texsymbol import read_symbol

PARAMETER_SYMBOL = Symbol(("theta",))
STEP_SYMBOL = Symbol((STEP,))


def declared_symbol(name: str, tex: str) -> Symbol:
    """The symbol of a declaration: its TeX where that is one symbol, else what the name suggests."""
    symbol = read_symbol(tex)
    return from_name(name) if symbol is None or symbol == Symbol((name,)) else symbol


def trace_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbol of every input and every statement of a trace; no two names share one."""
    items: list[HyperInfo | StateInfo] = [*trace.hypers, *trace.states]
    declared = {item.name: declared_symbol(item.name, item.tex) for item in items}
    declared[PARAMETER] = PARAMETER_SYMBOL
    symbols = {hyper.name: declared[hyper.name] for hyper in trace.hypers}
    symbols |= {STEP: STEP_SYMBOL, PARAMETER: PARAMETER_SYMBOL.at("t-1")}
    symbols |= {query.name: from_name(query.name).at("t") for query in trace.queries}
    symbols |= {state.name: declared[state.name].at("t-1") for state in trace.states}
    scheduled = {let: hyper for hyper, let in trace.scheduled.items()}
    per_step = {STEP, PARAMETER, *(query.name for query in trace.queries), *(state.name for state in trace.states)}
    versions = Counter(let.target for let in trace.lets)
    seen: Counter[str] = Counter()
    for let in trace.lets:
        seen[let.target] += 1
        primes = seen[let.target] if seen[let.target] < versions[let.target] else 0
        if not per_step.isdisjoint(refs(let.value)):
            per_step.add(let.name)
        meant = scheduled.get(let.name, let.target)
        symbol = declared[meant] if meant in declared else _indexed_by_name(meant)
        symbols[let.name] = symbol.at("t" if let.name in per_step or meant in declared else "", primes)
    return _told_apart(symbols)


def initial_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbols of the parameter and the states before the first step, and of the hyper-parameters."""
    symbols = trace_symbols(trace)
    arrays = [PARAMETER, *(state.name for state in trace.states)]
    return {hyper.name: symbols[hyper.name] for hyper in trace.hypers} | {n: symbols[n].at("0") for n in arrays}


def _indexed_by_name(name: str) -> Symbol:
    """``eta_t`` is eta at step t, not eta with a subscript of its own."""
    return from_name(name.removesuffix(f"_{STEP}") or name)


def _told_apart(symbols: dict[str, Symbol]) -> dict[str, Symbol]:
    """Where two names suggest one symbol, the later name is spelt out."""
    taken: dict[Symbol, str] = {}
    for name, symbol in symbols.items():
        if symbol in taken:
            symbols[name] = Symbol((name,), index=symbol.index)
        taken[symbols[name]] = name
    return symbols
