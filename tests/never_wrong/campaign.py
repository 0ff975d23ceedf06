"""The campaign: one case is an edited or rewritten rule against the rule, put to the prover and to the oracle."""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import count
from time import monotonic, process_time
from typing import Any

from symopt import catalogue
from symopt.classes import Trait, traits_of
from symopt.ir.trace import Trace
from symopt.ir.verify import verify_trace
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.verdict import Verdict
from tests.never_wrong.edits import mutant
from tests.never_wrong.faults import fault
from tests.never_wrong.graphs import Change
from tests.never_wrong.judge import on_random_runs
from tests.never_wrong.restatements import restated
from tests.never_wrong.rewrites import rewritten
from tests.never_wrong.tally import MUTANT, REWRITE, Case, Result

# Seconds for one verdict, and after them until it must be there.
TIME_LIMIT, LATEST = 3.0, 1.0
Prover = Callable[..., Verdict]
CHAINS = ("chain(clip_norm,sgd)", "chain(adam_direction,decoupled_decay)")


@cache
def traced(target: str) -> Trace:
    """The trace of a target."""
    return trace(catalogue.resolve(target))


@cache
def targets() -> tuple[str, ...]:
    """Every rule of the catalogue, as it is and with some of its options, and chains."""
    found: list[str] = []
    for name in catalogue.rule_names():
        spelt = [_spelt(name, configured.settings) for configured in catalogue.rule(name).variants()]
        found += dict.fromkeys((spelt[0], spelt[len(spelt) // 2], spelt[-1]))
    return (*found, *CHAINS)


def _spelt(name: str, settings: Mapping[str, Any]) -> str:
    fixed = ",".join(f"{key}={value}" for key, value in settings.items())
    return f"{name}[{fixed}]" if fixed else name


def cases(mutants: int, rewrites: int, chosen: Sequence[str] = ()) -> list[Case]:
    """So many cases, both kinds mixed, so that a run that is cut short has seen of both."""
    found = [*rounds(MUTANT, mutants, chosen), *rounds(REWRITE, rewrites, chosen)]
    shares = [*((k + 0.5) / mutants for k in range(mutants)), *((k + 0.5) / rewrites for k in range(rewrites))]
    return [found[k] for k in sorted(range(len(found)), key=lambda k: shares[k])]


def rounds(kind: str, number: int, chosen: Sequence[str] = ()) -> list[Case]:
    """So many cases of a kind, round after round over the targets; the slow ones are in every fourth or eighth."""
    found: list[Case] = []
    for seed in count():
        for target in chosen or targets():
            if len(found) == number:
                return found
            if chosen or seed % every(target) == 0:
                found.append(Case(target, kind, seed))
    return found


@cache
def every(target: str) -> int:
    """A target is in every so many rounds."""
    traits = traits_of(traced(target))
    return 1 if Trait.ELEMENT in traits else 8 if Trait.MATRIX in traits else 4


def changed(case: Case) -> Change:
    """The changed rule of a case."""
    original = traced(case.target)
    chosen = random.Random(f"{case.target} {case.kind} {case.seed}")
    if case.kind == MUTANT:
        return mutant(original, chosen)
    first = Change("", "", original)
    if case.seed % 2 == 0:  # every other one is restated as a whole as well
        first = restated(original, chosen)
    second = rewritten(first.trace, chosen, chosen.choice((0, 1, 3) if first.kind else (1, 2, 4, 8)))
    return Change("+".join(filter(None, (first.kind, second.kind))), f"{first.what}; {second.what}", second.trace)


def settled(case: Case, time_limit: float = TIME_LIMIT, prover: Prover = compare) -> Result:
    """Put one case to the prover, and its verdict to the oracle."""
    try:
        change = changed(case)
        original = traced(case.target)
        edited = replace(change.trace, title=f"{original.title}, changed")
        verify_trace(edited)
        plainly = on_random_runs(edited, original, case.seed)
    except Exception:  # of the generator or the oracle: the case says nothing, and is not passed over
        return Result(case, "", "", "error", 0.0, wrong=f"generator: {traceback.format_exc(limit=-4)}")
    start, work, seen = monotonic(), process_time(), plainly.word
    try:
        verdict = prover(edited, original, time_limit=time_limit)
    except Exception:  # of the prover: a finding like others
        wrong, seconds = f"error of the prover: {traceback.format_exc(limit=-3)}", monotonic() - start
        return Result(case, change.kind, change.what, "error", seconds, seen, wrong)
    seconds = monotonic() - start
    wrong, weak = fault(case, edited, original, verdict, plainly)
    worked = process_time() - work  # of a busy machine's time only the share that was had counts
    late = f"late: {worked:.1f} s" if worked > time_limit + LATEST else ""
    return Result(
        case, change.kind, change.what, verdict.verdict, seconds, seen, wrong or late, weak, verdict.reason or "",
        verdict.conditions,
    )  # fmt: skip
