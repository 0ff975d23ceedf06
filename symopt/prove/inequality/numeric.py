"""Many runs at once in floats: they find candidates and discard guesses, and never decide anything."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import Arithmetic, evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, compare, is_defined, precision
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import START
from symopt.prove.inequality.assumptions import Premises
from symopt.prove.inequality.claims import Bound

BITS, REDRAWN = 200, 5
GRADIENTS = tuple(map(Fraction, ("1", "-1", "0", "1/2", "-1/2", "2", "-2", "1/10", "10", "-1/100", "100")))
NUMBERS = tuple(
    map(Fraction, ("1", "1/2", "1/10", "2", "0", "1/4", "3/4", "9/10", "7/8", "99/100", "3", "10", "1/1000"))
)
STARTS = tuple(map(Fraction, ("0", "1", "-1", "2", "-10")))
Values = dict[str, Any]


class Floats(Arithmetic[Any]):
    """NumPy arrays of floats, one element a run; every tensor has one element."""

    functions: Mapping[str, Callable[..., Any]] = {
        "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
        "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos,
        "floor": np.floor, "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less,
        "le": np.less_equal, "eq": np.equal, "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
    }  # fmt: skip

    def number(self, value: Fraction) -> Any:
        return np.float64(value)

    def op(self, name: str, *args: Any) -> Any:
        return self.functions[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        return arg

    def matop(self, name: str, *args: Any) -> Any:
        return np.nan


FLOATS, EXACT = Floats(), ScalarArithmetic()


def choices(domain: Domain) -> list[Fraction]:
    """Small rational numbers of a domain, simple ones first."""
    low, high = domain.lower, domain.upper
    more = [] if low is None or high is None else [low, high, (low + high) / 2, (low + 3 * high) / 4]
    more += [low + n for n in (Fraction(0), Fraction(1), Fraction(1, 2))] if low is not None and high is None else []
    more += [high - n for n in (Fraction(0), Fraction(1), Fraction(1, 2))] if high is not None and low is None else []
    negative = [-n for n in NUMBERS if n] if low is None or low < 0 else []
    return [number for number in dict.fromkeys((*NUMBERS, *more, *negative)) if number in domain]


def hypers(premises: Premises, count: int, seed: int = 0) -> Iterator[dict[str, Fraction]]:
    """Up to ``count`` exact values of the fixed names that satisfy the assumptions about these; defaults first."""
    system, chosen = premises.system, random.Random(seed)
    own = [name for name in system.fixed if name != START]
    pools = {name: choices(system.domains.get(name, Domain())) for name in own}
    facts = [fact for fact in premises.facts if {*refs(fact.node)} <= {*system.fixed}]
    found = 0
    for attempt in range(count * 8):
        values = {
            name: system.defaults[name]
            if name in system.defaults and system.defaults[name] in system.domains[name] and (
                attempt == 0 or chosen.random() < 0.15
            )
            else pool[min(int(chosen.expovariate(0.35)), len(pool) - 1)]
            for name, pool in pools.items()
        }  # fmt: skip
        values[START] = STARTS[min(int(chosen.expovariate(0.7)), len(STARTS) - 1)]
        if all(exactly(fact, values) is not False for fact in facts):
            yield values
            found += 1
            if found == count:
                return


def exactly(bound: Bound, values: Mapping[str, Any]) -> bool | None:
    """Whether a bound holds for exact values; None where it is undefined or cannot be told."""
    with precision(BITS):
        (value,) = evaluate([bound.node], values, EXACT)
        if not is_defined(value):
            return None
        try:
            order = compare(value, Fraction(0))
        except UndecidedError:
            return None
    return order > 0 or (order == 0 and not bound.strict)


class Runs:
    """Runs of a system side by side, for given values of the fixed names and given inputs at every step."""

    def __init__(self, premises: Premises, fixed: Sequence[Mapping[str, Fraction]]) -> None:
        self.system, self.premises, self.count = premises.system, premises, len(fixed)
        names = list(fixed[0])
        self.values: Values = {name: np.array([float(values[name]) for values in fixed]) for name in names}
        self.t = 0
        self._set(self._evaluated(self.system.initial), "")

    def _evaluated(self, nodes: Mapping[str, Node], inputs: Mapping[str, Any] | None = None) -> Values:
        values = {**self.values, **(inputs or {}), STEP: np.float64(self.t)}
        with np.errstate(all="ignore"):
            found = evaluate(nodes.values(), values, FLOATS)
        return dict(zip(nodes, found, strict=True))

    def _set(self, states: Values, after: str) -> None:
        self.values |= {name + after: value for name, value in states.items()}

    def inputs(self, chosen: random.Random, more: Sequence[Fraction] = ()) -> dict[str, list[Fraction]]:
        """Exact inputs of a step, drawn again where they fail an assumption; gradients may be one of ``more`` too."""
        found = self._drawn(chosen, more)
        facts = [f.node for f in self.premises.facts if {*refs(f.node)} & {*self.system.inputs}]
        for attempt in range(REDRAWN if facts else 0):
            wrong = np.zeros(self.count, dtype=bool)
            for value in self.of(facts, {name: floats(values) for name, values in found.items()}):
                wrong |= value < 0
            again = self._drawn(chosen, more)
            for name in found:
                is_last = attempt == REDRAWN - 1 and name not in self.system.domains
                for i in np.flatnonzero(wrong):
                    found[name][i] = Fraction(0) if is_last else again[name][i]
        return found

    def _drawn(self, chosen: random.Random, more: Sequence[Fraction]) -> dict[str, list[Fraction]]:
        found = {}
        for name in self.system.inputs:
            domain = self.system.domains.get(name)
            pool = choices(domain) if domain is not None else [*more, *GRADIENTS]
            found[name] = [pool[min(int(chosen.expovariate(0.4)), len(pool) - 1)] for _ in range(self.count)]
        return found

    def step(self, inputs: Mapping[str, Any]) -> None:
        """Make a step; the values before it are kept beside those after it until ``settle``."""
        self.t += 1
        self.values |= inputs
        new = self._evaluated(self.system.step)
        self.values |= {self.system.new[name]: value for name, value in new.items()}

    def settle(self) -> None:
        """Let the new values become the old ones."""
        self.values |= {name: self.values[new] for name, new in self.system.new.items()}

    def of(self, nodes: Sequence[Node], inputs: Mapping[str, Any] | None = None) -> list[Any]:
        """Expressions at this step, or with the inputs of a step that is yet to be made."""
        return list(self._evaluated({str(i): node for i, node in enumerate(nodes)}, inputs).values())


def floats(values: Sequence[Fraction]) -> Any:
    """Exact numbers as an array of floats."""
    return np.array([float(value) for value in values])
