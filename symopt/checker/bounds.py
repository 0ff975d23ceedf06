"""Claims that something is never exceeded: certificates are multiplied out, runs are replayed and tried."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from symopt.checker.certificate import Certificate
from symopt.checker.outcome import Check
from symopt.checker.polynomials import WrongIdentityError, check_certificates
from symopt.checker.runs import (
    AGREE,
    Run,
    UndefinedValueError,
    Values,
    at_full_precision,
    given_values,
    random_hypers,
    real,
    value,
)
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.theorem.bounds import AFTER, LEFT, RIGHT, START, Invariant, Ordered, comparisons

RUNS, STEPS, ATTEMPTS = 20, 6, 400
DOTTED = re.compile(rf"\b({LEFT}|{RIGHT})\.")


@at_full_precision
def check_bound(claim: Invariant | Ordered, traces: Sequence[Trace], certificates: Sequence[Certificate]) -> Check:
    """Multiply out what shows a claim, and try the claim on random runs."""
    try:
        count = check_certificates(certificates)
    except WrongIdentityError as error:
        return Check(False, str(error))
    done = 0
    for seed in range(ATTEMPTS):
        try:
            held = _holds_on_a_run(claim, traces, random.Random(seed))
        except UndefinedValueError:
            continue
        if not held:
            return Check(False, f"a random run violates it (seed {seed})")
        done += 1
        if done == RUNS:
            break
    multiplied = f"{count} identities were multiplied out and " if count else ""
    return Check(done > 0, f"{multiplied}{done} random runs of {STEPS} steps satisfy it")


def _holds_on_a_run(claim: Invariant | Ordered, traces: Sequence[Trace], chosen: random.Random) -> bool:
    sides = _Sides(traces, _start(claim, traces, chosen))
    if not _given(claim, sides.fixed):
        raise UndefinedValueError
    fits = _truth(claim.of, sides.states())
    for t in range(1, STEPS + 1):
        inputs = next(i for i in _inputs(traces, chosen) if _given(claim, {**sides.fixed, **i}, t))
        sides.step(inputs)
        if False in (fits, _truth(claim.of, sides.now(t))):
            return False
        fits = _truth(claim.of, sides.states())
    return fits is not False


@at_full_precision
def check_counterexample(claim: Invariant | Ordered, traces: Sequence[Trace], written: Mapping[str, Any]) -> Check:
    """Replay a run that was written down: its values lie in their domains, and the claim fails at its end."""
    try:
        return _replayed(claim, traces, written)
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")


def _replayed(claim: Invariant | Ordered, traces: Sequence[Trace], written: Mapping[str, Any]) -> Check:
    steps = int(written["steps"])
    numbers = {name: Fraction(text) for name, text in written.items() if isinstance(text, str) and name != "steps"}
    for trace in traces:
        for hyper in trace.hypers:
            if numbers[hyper.name] not in hyper.domain:
                return Check(False, f"{hyper.name} lies outside its domain")
    sides = _Sides(traces, {name: real(number) for name, number in numbers.items()})
    state = sides.states()
    fails = _truth(claim.of, state) is False
    for t in range(1, steps + 1):
        inputs = {
            name: real(Fraction(texts[t - 1])) for name, texts in written.items() if not isinstance(texts, str)
        }  # fmt: skip
        if not _given(claim, {**sides.fixed, **inputs}, t):
            return Check(False, f"an assumption does not hold in step {t}")
        sides.step(inputs)
        fails = False in (_truth(claim.of, sides.now(t)), _truth(claim.of, sides.states()))
    if not steps and not _given(claim, sides.fixed):
        return Check(False, "an assumption does not hold")
    return Check(fails, "the run was replayed" if fails else "the replayed run does not violate it")


class _Sides:
    """One rule or two that are given the same gradients, and the values by the names that a claim may read."""

    def __init__(self, traces: Sequence[Trace], fixed: Values) -> None:
        self.prefixes = ("",) if len(traces) == 1 else (f"{LEFT}__", f"{RIGHT}__")
        self.fixed, self.t = fixed, 0
        self.runs = [Run(trace, fixed, fixed[START]) for trace in traces]
        self.seen: Values = {}

    def states(self) -> Values:
        """What a claim about states reads, after the steps so far."""
        found: Values = {**self.fixed, "t": flint.arb(self.t)}
        for prefix, run in zip(self.prefixes, self.runs, strict=True):
            found |= {prefix + name: number for name, number in run.values.items()}
        return found

    def step(self, inputs: Values) -> None:
        """Make a step of every side."""
        self.seen = self.states() | inputs
        self.t += 1
        for prefix, run in zip(self.prefixes, self.runs, strict=True):
            trace = run.trace
            answers = [inputs[query.name] for query in trace.queries]
            given = inputs | {f"draw{i}": inputs[name] for i, name in enumerate(trace.draws, 1)}
            run.step(self.fixed, answers, given)
            for let in trace.lets:
                if let.target not in trace.results:
                    self.seen[prefix + let.target] = run.statements[let.name]
            self.seen |= {f"{prefix}{name}{AFTER}": number for name, number in run.values.items()}

    def now(self, t: int) -> Values:
        """What a claim about a step reads, in the last step made."""
        return {**self.seen, "t": flint.arb(t)}


def _truth(text: str, values: Values) -> bool | None:
    """Whether a claim holds; False only where it certainly fails, None where it reads what is not there."""
    for left, symbol, right in comparisons(text):
        try:
            a, b = (value(_read(side, values), values) for side in (left, right))
        except UsageError:
            return None
        if symbol == "=":
            if not (a - b).overlaps(flint.arb(0)) and abs(a - b) > AGREE:
                return False
            continue
        difference = b - a if symbol in ("<=", "<") else a - b
        if difference < -AGREE or (symbol in "<>" and abs(difference) < AGREE):
            return False
    return True


def _read(text: str, values: Values) -> Node:
    return read_expression(
        DOTTED.sub(r"\1__", text), tuple(name for name, number in values.items() if number is not None)
    )


def _given(claim: Invariant | Ordered, values: Values, t: int = 1) -> bool:
    """Whether no assumption certainly fails; those that read what is not there are left out."""
    return all(_truth(text, {**values, "t": flint.arb(t)}) is not False for text in claim.given)


def _start(claim: Invariant | Ordered, traces: Sequence[Trace], chosen: random.Random) -> Values:
    """Random hyper-parameters, names and start that the equations among the assumptions agree with."""
    values: Values = {name: real(Fraction(chosen.randint(-16, 16), 8)) for name in (*claim.free, START)}
    for trace in reversed(traces):
        values |= random_hypers(trace, chosen)
    for text in claim.given:
        for left, symbol, right in comparisons(text):
            if symbol == "=":
                name, other = (left, right) if left in values else (right, left)
                values[name] = value(_read(other, values), values)
    for trace in traces:
        for hyper in trace.hypers:
            low, high = hyper.domain.lower, hyper.domain.upper
            number = values[hyper.name]
            if (low is not None and number < real(low)) or (high is not None and number > real(high)):
                raise UndefinedValueError
    return values


def _inputs(traces: Sequence[Trace], chosen: random.Random) -> Iterator[Values]:
    """What a step is given, at random."""
    for _ in range(ATTEMPTS):
        found = {
            query.name: real(Fraction(chosen.randint(-9, 9), chosen.choice((1, 2, 8, 32))))
            for trace in traces for query in trace.queries
        }  # fmt: skip
        given = given_values((), traces[0], traces[-1], chosen)
        found |= {name: given[name] for trace in traces for name in trace.given}
        yield found | {name: given[f"draw{i}"] for trace in traces for i, name in enumerate(trace.draws, 1)}
    raise UndefinedValueError
