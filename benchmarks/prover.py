"""How long verdicts take: pairs of element-wise rules, the theorems, a limit that a hanging library does not honour,
and the normal form beside SymPy's simplify on the same identities.

Run it with: python benchmarks/prover.py
"""

from __future__ import annotations

import argparse
import itertools
import random
import statistics
import time
from collections import Counter

import sympy as sp
from interleave import machine

from symopt.catalogue import resolve, rule_names
from symopt.ir.nodes import num, substitute
from symopt.ir.trace import Trace
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.deadline import OutOfTimeError
from symopt.prove.pair import make_pair
from symopt.prove.processes import within
from symopt.prove.render import node_sympy
from symopt.prove.runner import shape_of
from symopt.theorems import prove

PAIRS, SEED = 200, 1
LIMIT = 0.5  # seconds for the work that hangs
SYMPY_LIMIT = 20.0
# Equal pairs, of which the first step is asked of SymPy too.
IDENTITIES = (
    ("chain(adam_direction,decoupled_decay)", "adamw"), ("adam_l2", "adam[l2=True]"),
    ("adamw_transformers[weight_decay=0]", "adam_tf"), ("schedule_free[beta=0]", "sgd"),
)  # fmt: skip


def element_wise() -> dict[str, Trace]:
    """The rules of the catalogue that treat every element by itself."""
    traces = {name: trace(resolve(name)) for name in rule_names()}
    return {name: rule for name, rule in traces.items() if not shape_of(rule)}


def measure_pairs(count: int) -> None:
    """Compare random pairs of element-wise rules."""
    rules = element_wise()
    pairs = random.Random(SEED).sample(list(itertools.combinations(rules, 2)), count)
    compare("adam", "sgd")  # what is imported at the first call is not counted
    seconds, verdicts = [], Counter[str]()
    for left, right in pairs:
        start = time.perf_counter()
        verdicts[compare(rules[left], rules[right]).verdict] += 1
        seconds.append(time.perf_counter() - start)
    ordered = sorted(seconds)
    print(f"{count} random pairs of {len(rules)} element-wise rules: {dict(verdicts)}")
    print(
        f"  median {statistics.median(seconds) * 1e3:.0f} ms, 95 % within {ordered[int(0.95 * count)] * 1e3:.0f} ms, "
        f"longest {ordered[-1] * 1e3:.0f} ms"
    )


def measure_theorems() -> None:
    """Settle every theorem on all cores."""
    start = time.perf_counter()
    results = prove()
    whole = time.perf_counter() - start
    slowest = max(results, key=lambda result: result.seconds)
    as_stated = sum(result.exit_status == 0 for result in results)
    print(f"{len(results)} theorems, {as_stated} as stated and re-checked: {whole:.1f} s on every core")
    print(f"  longest {slowest.theorem.name} with {slowest.seconds:.1f} s")


def measure_limit() -> None:
    """End work that never looks at the clock."""
    start = time.perf_counter()
    try:
        within(LIMIT, time.sleep, 60)
    except OutOfTimeError as error:
        print(f"work that hangs: {error}, ended after {time.perf_counter() - start:.2f} s")


def measure_identities() -> None:
    """Ask SymPy for the same identities."""
    print("the same identity, the new parameter of the first step:")
    for left, right in IDENTITIES:
        a, b = trace(resolve(left)), trace(resolve(right))
        start = time.perf_counter()
        verdict = compare(a, b).verdict
        ours = time.perf_counter() - start
        start = time.perf_counter()
        try:
            said = within(SYMPY_LIMIT, simplified, a, b)
        except OutOfTimeError:
            said = "no answer"
        theirs = time.perf_counter() - start
        print(f"  {left} and {right}: {verdict} in {ours * 1e3:.0f} ms; SymPy {said} in {theirs / ours:.0f} times that")


def simplified(left: Trace, right: Trace) -> str:
    """What sympy.simplify makes of the difference of the first steps, all names being real and positive."""
    pair = make_pair(left, right)
    first = [
        substitute([side.step["p"]], {**side.initial, "t": num(1), **(pair.identity() if side is pair.right else {})})[
            0
        ]
        for side in (pair.left, pair.right)
    ]
    known = {"abs": sp.Abs, "max": sp.Max, "min": sp.Min, "sign": sp.sign}
    a, b = (
        node_sympy(node).replace(lambda e: e.func.__name__ in known, lambda e: known[e.func.__name__](*e.args))
        for node in first
    )
    difference = a - b
    positive = {symbol: sp.Symbol(symbol.name, positive=True) for symbol in difference.free_symbols}
    return "says 0" if sp.simplify(difference.subs(positive)) == 0 else "does not reach 0"


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=PAIRS, help="how many pairs")
    arguments = parser.parse_args()
    print(machine())
    measure_pairs(arguments.pairs)
    measure_theorems()
    measure_limit()
    measure_identities()


if __name__ == "__main__":
    main()
