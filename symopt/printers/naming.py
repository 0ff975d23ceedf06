"""Naming: the symbol of every name in a trace.

A symbol comes from the TeX that the author declared, or from the name itself. Time indices come from
the trace: a state is read at t-1 and written at t, what a step is given has its index, and values in
between are primed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from symopt.ir.nodes import refs
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP, Trace
from symopt.printers.patterns import NORMAL
from symopt.printers.symbols import GREEK, Symbol, from_name
from symopt.printers.texsymbol import read_symbol

PARAMETER_SYMBOL = Symbol(("theta",))
STEP_SYMBOL = Symbol((STEP,))
GIVEN_SYMBOLS = {LOSS: Symbol(("ell",)), HESSIAN: Symbol(("h",), ("hat",)), **{name: Symbol((name,)) for name in SIZES}}


def declared_symbol(name: str, tex: str) -> Symbol:
    """The symbol of a declaration: its TeX where that is one symbol, else what the name suggests."""
    symbol = read_symbol(tex)
    return from_name(name) if symbol is None or symbol == Symbol((name,)) else symbol


def trace_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbol of every input and every statement of a trace; no two names share one."""
    given = [*trace.arrays[1:], *(name for name in trace.given if name == LOSS)]
    arrays = [PARAMETER, *given, *(state.name for state in trace.states)]
    bases = _Bases()
    bases.claim(STEP, STEP_SYMBOL, per_step=False)
    bases.claim(PARAMETER, PARAMETER_SYMBOL, per_step=True)
    for hyper in trace.hypers:
        bases.claim(hyper.name, declared_symbol(hyper.name, hyper.tex), per_step=False)
    for query in trace.queries:
        bases.claim(query.name, from_name(query.name), per_step=True)
    for state in trace.states:
        bases.claim(state.name, declared_symbol(state.name, state.tex), per_step=True)
    for name, symbol in {**_drawn(trace), **GIVEN_SYMBOLS}.items():
        if name in trace.inputs:
            bases.claim(name, symbol, per_step=name in given)
    read_at = dict.fromkeys(given, "t")
    constant = (*(hyper.name for hyper in trace.hypers), STEP, *(name for name in trace.given if name in SIZES))
    symbols = {name: bases.symbols[name] for name in constant}
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
        bases.claim(meant, _symbol(meant), per_step=let.name in varying)
        symbols[let.name] = bases.symbols[meant].at("t" if let.name in varying else "", primes)
    return symbols


class _Bases:
    """Symbols without steps and primes; where two names suggest one, the later name is told apart."""

    def __init__(self) -> None:
        self.symbols: dict[str, Symbol] = {}
        self.taken: set[tuple[Symbol, bool]] = set()

    def claim(self, name: str, symbol: Symbol, *, per_step: bool) -> None:
        """Give a name its symbol, once; one that belongs to a step may look like one that does not.

        The second ``gamma`` is raised to the rule that it comes from, where its name says so, else spelt out.
        """
        if name in self.symbols:
            return
        choices = [symbol, *_of_rule(name, symbol), Symbol((name,), upright=True)]
        self.symbols[name] = next((one for one in choices if (one, per_step) not in self.taken), choices[-1])
        self.taken.add((self.symbols[name], per_step))


def _of_rule(name: str, symbol: Symbol) -> list[Symbol]:
    """``base_lr`` is the ``gamma`` of the rule called base."""
    word = name.partition("_")[0]
    return [replace(symbol, sup=(word,))] if word != name and _is_word(word) and not symbol.sup else []


def _is_word(text: str) -> bool:
    return len(text) > 1 and text.isalpha() and text not in GREEK


def _drawn(trace: Trace) -> dict[str, Symbol]:
    """Random numbers: u between 0 and 1, z of the normal distribution, numbered where there are several."""
    found: dict[str, Symbol] = {}
    for is_normal, letter in ((False, "u"), (True, "z")):
        names = [name for name in trace.draws if name.startswith(NORMAL) == is_normal]
        for number, name in enumerate(names, start=1):
            found[name] = Symbol((letter,), sub=(str(number),) if len(names) > 1 else ())
    return found


def initial_symbols(trace: Trace) -> dict[str, Symbol]:
    """The symbols of the parameter and the states before the first step, and of the hyper-parameters."""
    symbols = trace_symbols(trace)
    arrays = [PARAMETER, *(state.name for state in trace.states)]
    return {hyper.name: symbols[hyper.name] for hyper in trace.hypers} | {n: symbols[n].at("0") for n in arrays}


def _symbol(name: str) -> Symbol:
    """What the name of a statement suggests.

    ``eta_t`` is eta at step t, not eta with a subscript of its own, and ``base_p`` is the parameter of
    the rule called base.
    """
    rule, _, last = name.rpartition("_")
    if last == PARAMETER and _is_word(rule.partition("_")[0]):
        return replace(PARAMETER_SYMBOL, sup=(rule,))
    return from_name(name.removesuffix(f"_{STEP}") or name)
