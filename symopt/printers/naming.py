"""Naming: the symbol of every name in a trace.

A symbol comes from the TeX that the author declared, or from the name itself. Time indices come from
the trace: a state is read at t-1 and written at t, and values in between are primed.
"""

from __future__ import annotations

from collections import Counter

from symopt.ir.nodes import refs
from symopt.ir.trace import PARAMETER, STEP, Trace
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
    arrays = [PARAMETER, *(query.name for query in trace.queries), *(state.name for state in trace.states)]
    bases = _Bases()
    bases.claim(STEP, STEP_SYMBOL, per_step=False)
    bases.claim(PARAMETER, PARAMETER_SYMBOL, per_step=True)
    for hyper in trace.hypers:
        bases.claim(hyper.name, declared_symbol(hyper.name, hyper.tex), per_step=False)
    for query in trace.queries:
        bases.claim(query.name, from_name(query.name), per_step=True)
    for state in trace.states:
        bases.claim(state.name, declared_symbol(state.name, state.tex), per_step=True)
    read_at = {PARAMETER: "t-1", **{query.name: "t" for query in trace.queries}}
    symbols = {name: bases.symbols[name] for name in (*(hyper.name for hyper in trace.hypers), STEP)}
    symbols |= {name: bases.symbols[name].at(read_at.get(name, "t-1")) for name in arrays}
    scheduled = {let: hyper for hyper, let in trace.scheduled.items()}
    varying = {STEP, *arrays}
    versions = Counter(let.target for let in trace.lets)
    seen: Counter[str] = Counter()
    for let in trace.lets:
        seen[let.target] += 1
        primes = seen[let.target] if seen[let.target] < versions[let.target] else 0
        # A hyper-parameter that follows a schedule is itself at step t.
        meant = scheduled.get(let.name, let.target)
        if meant in bases.symbols or not varying.isdisjoint(refs(let.value)):
            varying.add(let.name)
        bases.claim(meant, _indexed_by_name(meant), per_step=let.name in varying)
        symbols[let.name] = bases.symbols[meant].at("t" if let.name in varying else "", primes)
    return symbols


class _Bases:
    """Symbols without steps and primes; where two names suggest one, the later name is spelt out."""

    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.taken: set[tuple[Symbol, bool]] = set()

    def claim(self, name: str, symbol: Symbol, *, per_step: bool) -> None:
        """Give a name its symbol, once; one that belongs to a step may look like one that does not."""
        if name in self.symbols:
            return
        if (symbol, per_step) in self.taken:
            symbol = Symbol((name,), upright=True)
        self.taken.add((symbol, per_step))
        self.symbols[name] = symbol


def initial_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbols of the parameter and the states before the first step, and of the hyper-parameters."""
    symbols = trace_symbols(trace)
    arrays = [PARAMETER, *(state.name for state in trace.states)]
    return {hyper.name: symbols[hyper.name] for hyper in trace.hypers} | {n: symbols[n].at("0") for n in arrays}


def _indexed_by_name(name: str) -> Symbol:
    """``eta_t`` is eta at step t, not eta with a subscript of its own."""
    return from_name(name.removesuffix(f"_{STEP}") or name)
