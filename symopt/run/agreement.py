"""Whether two kernels agree: bit for bit where every operation rounds in one way, else step by step within bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from symopt.backends.base import Variant
from symopt.ir.nodes import Op, walk
from symopt.run.modules import Kernel
from symopt.run.oracle import Distance, Measures, apart, measures, shares
from symopt.run.report import Cell
from symopt.run.trial import Snapshot, Trial
from symopt.run.ulp import same, ulps, worst

# Operations that every IEEE 754 system rounds in one way; of others, libraries give their own values.
UNIQUE = frozenset({
    "add", "sub", "mul", "div", "neg", "sqrt", "abs", "sign", "floor", "max", "min", "where",
    "lt", "le", "eq", "and", "or", "not",
})  # fmt: skip
# PyTorch takes roots from a library (on x86 that of MKL) whose last bit is wrong now and then; C and
# NumPy use the processor's. A step may then differ by so many ulps of the largest addend, or, where the
# difference of two roots counts, by so much of the bound: one kernel may be off by it, the other by twice that.
ROOT_ULPS = 8.0
ROOT_SHARE = 3.0
# How far apart two libraries' exponentials and powers of elements may leave a step.
LIBRARY_ULPS = 64.0
# Of the bound: each of two kernels may be off by it.
SHARE = 2.0


def operations(variant: Variant) -> set[str]:
    """The operations that are done on elements."""
    sweeps = [sweep for phase in variant.program.phases for sweep in phase.sweeps]
    values = [let.value for sweep in sweeps for let in sweep.body]
    values += [partial.value for sweep in sweeps for partial in sweep.partials]
    return {node.op for node in walk(values) if isinstance(node, Op)}


def signs_zeros(variant: Variant) -> bool:
    """Whether the sign of every zero is specified; ``max`` and ``min`` may return either of two zeros."""
    partials = {partial.op for phase in variant.program.phases for partial in phase.partials}
    return not (operations(variant) & {"max", "min"} or partials & {"amax", "amin"})


def rounds_in_one_way(variant: Variant) -> bool:
    """Whether NumPy and C must agree bit for bit: sums over elements have an order, those along axes have none."""
    return operations(variant) <= UNIQUE and not variant.program.has_axes


def difference(variant: Variant, left: Sequence[Snapshot], right: Sequence[Snapshot]) -> float:
    """The largest distance in ulps between two trajectories; 0 where all bits are equal."""
    return max((unequal(variant, before, after) for before, after in zip(left, right, strict=True)), default=0.0)


def unequal(
    variant: Variant, left: Snapshot, right: Snapshot, measured: Measures | None = None, share: float = 0.0
) -> float:
    """The largest distance in ulps between the arrays of two kernels: of the larger element, or of the largest addend.

    Elements that differ by no more than a ``share`` of what is measured do not count.
    """
    found = 0.0
    for name, arrays in left.items():
        for a, b, measure in zip(
            arrays, right[name], measured[name] if measured else [None] * len(arrays), strict=True
        ):
            where = ~same(a, b, signed_zeros=signs_zeros(variant))
            if measure is not None and share:
                where &= shares(a, b, measure) > share
            # A zero of the other sign is at distance zero and yet unequal.
            least = np.finfo(a.dtype).tiny if measured else 1.0
            distances = np.maximum(ulps(a, b, measure.scale if measure is not None else None), least)
            found = max(found, worst(distances[where]))
    return found


def same_path(trials: Sequence[Trial], reference: Kernel, kernel: Kernel) -> Cell:
    """Whether two kernels go the same way, bit for bit."""
    found = max(difference(trial.variant, trial.path(reference), trial.path(kernel)) for trial in trials)
    return Cell(f"{found:.3g} ulp" if found else "bits", found == 0)


@dataclass(frozen=True)
class _Step:
    """A step of the reference, with what another kernel's step from the same arrays may differ by."""

    trial: Trial
    t: int
    before: Snapshot
    after: Snapshot
    measured: Measures


class Steps:
    """Single steps of the reference, from its own arrays, that other kernels are held to; computed once."""

    def __init__(self, trials: Sequence[Trial], reference: Kernel) -> None:
        self.trials, self.reference, self.variant = trials, reference, trials[0].variant
        self.made: list[_Step] = []

    def cell(self, kernel: Kernel) -> Cell:
        """How far a kernel is from the reference, and whether that is allowed."""
        program = self.variant.program
        is_wide = any(phase.partials or phase.products for phase in program.phases)
        if not self.made:
            # Elements by themselves: the longest array has them all, and the shortest none.
            trials = self.trials if is_wide else [self.trials[0], self.trials[-1]]
            self.made = [step for trial in trials for step in self._of(trial)]
        if is_wide:
            return self._by_bound(kernel)
        done = operations(self.variant)
        allowed = ROOT_ULPS if "sqrt" in done else 0.0
        allowed = allowed if done <= UNIQUE else LIBRARY_ULPS
        found = unexplained = 0.0
        for s in self.made:
            after = s.trial.advance(kernel, s.before, s.t)
            found = max(found, unequal(self.variant, s.after, after, s.measured))
            unexplained = max(unexplained, unequal(self.variant, s.after, after, s.measured, ROOT_SHARE))
        return Cell(f"{found:.2g} ulp" if found else "bits", unexplained <= allowed)

    def _by_bound(self, kernel: Kernel) -> Cell:
        """Sums and products are taken in another order: the bound of the rounding errors says how far that leads."""
        found = Distance()
        for s in self.made:
            after = s.trial.advance(kernel, s.before, s.t)
            found = found.joined(apart(s.after, after, s.measured, signed_zeros=signs_zeros(self.variant)))
        if not found.compared:
            return Cell("nothing in range", False)
        return Cell(str(found) if found.share else "bits", found.share <= SHARE)

    def _of(self, trial: Trial) -> list[_Step]:
        path = trial.path(self.reference)
        pairs = enumerate(pairwise(path), 1)
        return [_Step(trial, t, before, after, measures(trial, before, after, t)) for t, (before, after) in pairs]
