"""Checks proved equalities: runs from the initial states, and single steps from states that no run need reach.

Of the prover nothing is used but what a certificate says. Its maps are applied to random numbers, both rules
make a step, and what is to agree is compared: in balls of 400 bits to more than 300, and as far as only sums,
products and roots occur also exactly, modulo a large prime.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from symopt.checker.arrays import elements, shape_for
from symopt.checker.exact import Exact
from symopt.checker.outcome import Check
from symopt.checker.runs import AGREE, UndefinedValueError, at_full_precision
from symopt.checker.sampling import Fact
from symopt.checker.stated import SIDES, Obligation, Stated
from symopt.checker.trial import STEPS, Pairs, Trial
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.trace import SIZES, Trace

RUNS, GENERAL = 8, 16
TRIES = 6  # samples for each that is wanted: some leave the points at which everything is defined


class DisagreeError(Exception):
    """Something that is said to be equal is not; the message says what."""


@at_full_precision
def check_equality(
    left: Trace, right: Trace, hyper_map: Mapping[str, str], state_map: Mapping[str, str], conditions: Sequence[str]
) -> Check:
    """Run both on random data under the maps: parameters, query points and states must agree."""
    names = tuple(dict.fromkeys(hyper.name for hyper in (*left.hypers, *right.hypers)))
    held = (*names, *SIZES, "p", *(state.name for state in left.states))
    hypers = {name: read_expression(text, (*names, *SIZES)) for name, text in hyper_map.items()}
    states = {name: read_expression(text, held) for name, text in state_map.items()}
    return Checker(Stated(left, right, hypers, states, conditions)).check(general=0)


@at_full_precision
def check_certificate(left: Trace, right: Trace, certificate: Mapping[str, Any]) -> Check:
    """Check a certificate, as plain data, against the two rules that it is said to be about."""
    try:
        return Checker(Stated.read(left, right, certificate)).check()
    except (ValueError, KeyError, TypeError, UsageError) as error:
        return Check(False, f"the certificate cannot be read: {error}")


class Checker:
    """Tries what is stated on random data."""

    def __init__(self, stated: Stated) -> None:
        self.stated, self.shape, self.exactly = stated, shape_for(stated.left, stated.right), 0
        self.met: set[int] = set()

    def check(self, general: int = GENERAL) -> Check:
        """Run from the start, then make ``general`` steps from general states."""
        try:
            runs = self._repeat(RUNS, self._run)
            steps = self._repeat(general, self._general_step)
        except DisagreeError as error:
            return Check(False, str(error))
        how = f"{runs} random runs of {STEPS} steps" + (f" and {steps} steps from general states" if general else "")
        exact = f", {self.exactly} values exactly modulo a prime" if self.exactly else ""
        return Check(runs > 0 and (steps > 0 or not general), f"{how} agree to 90 digits{exact}")

    def _repeat(self, wanted: int, trial: Callable[[int], None]) -> int:
        done = 0
        for seed in range(wanted * TRIES):
            if done == wanted:
                break
            try:
                trial(seed)
                done += 1
            except UndefinedValueError:
                continue
            except DisagreeError as error:
                raise DisagreeError(f"{error} (seed {seed})") from None
        return done

    def _run(self, seed: int) -> None:
        trial = Trial(self.stated, self.shape, seed)
        for t, pairs in enumerate(trial.from_start(), 1):
            self._compare(f"a random run at step {t}", pairs)
            self._not_negative(trial)
            if t == 1:
                self._obligation(trial, self.stated.first)

    def _general_step(self, seed: int) -> None:
        trial = Trial(self.stated, self.shape, seed, exact=not self.shape)
        self._compare("a step from a general state", trial.from_anywhere())
        self._not_negative(trial)
        self._obligation(trial, self.stated.later)

    def _compare(self, where: str, pairs: Pairs) -> None:
        for what, x, y in pairs:
            for a, b in zip(elements(x), elements(y), strict=True):
                if not self._same(a, b):
                    raise DisagreeError(f"{where} disagrees in {what}")

    def _same(self, a: Any, b: Any) -> bool:
        """Whether two numbers agree; residues of roots are known up to the signs of roots."""
        if not (isinstance(a, Exact) and isinstance(b, Exact)):
            return bool(abs(a - b) < AGREE * (1 + abs(b)))
        if not abs(a.ball - b.ball) < AGREE * (1 + abs(b.ball)):
            return False
        if a.residue is None or b.residue is None:
            return True
        self.exactly += a.residue == b.residue
        return a.residue == b.residue or a.rooted or b.rooted

    def _not_negative(self, trial: Trial) -> None:
        held = trial.runs[self.stated.source].values
        for name in self.stated.not_negative:
            if any(x < -AGREE for x in elements(held[name])):
                raise DisagreeError(f"the state {name} becomes negative")

    def _obligation(self, trial: Trial, obligation: Obligation | None) -> None:
        """The expressions that a certificate writes down are those that the rules give; its cases leave none out."""
        if obligation is None:
            return
        for position, side in enumerate(SIDES):
            found = trial.written(list(getattr(obligation, side)))
            made = [(what, pair[position], mine) for (what, *pair), mine in zip(trial.made, found, strict=True)]
            self._compare("an obligation as it is written", [pair for pair in made if pair[2] is not None])
        facts = [[Fact.read(text, tuple(trial.before)) for text in case] for case in obligation.cases]
        if self.shape or any(fact is None for case in facts for fact in case):
            return
        holding = [i for i, case in enumerate(facts) if all(fact.holds(trial.before) for fact in case if fact)]
        if not holding:
            raise DisagreeError("a random point lies in none of the cases")
        self.met.update(holding)
