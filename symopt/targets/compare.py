"""Are two targets the same optimizer? Hyper-parameters are paired by meaning, and the prover settles the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any

from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Trace
from symopt.lift.lifted import ALL_SHAPES
from symopt.passes.specialise import rewrite
from symopt.prove.cause import cause
from symopt.prove.compare import compare as compare_traces
from symopt.prove.compare import compare_within
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.found import with_hypers
from symopt.prove.pair import make_pair
from symopt.prove.render import node_text
from symopt.prove.verdict import Verdict
from symopt.prove.witness import find_witness
from symopt.targets.extras import Off, without_extras
from symopt.targets.pairing import Pairing, Partner, Renamed, pairings, renamed
from symopt.targets.resolve import subject
from symopt.targets.shapes import Overlap, overlaps
from symopt.targets.subject import Subject

# The part of the time limit in which a pairing is looked for.
PAIRING_SHARE = 0.3
FEW_PAIRINGS = 8
Settle = Callable[..., Verdict]


def compare(
    left: Any, right: Any, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0,
) -> Verdict:  # fmt: skip
    """Whether two targets have the same parameters at every step, from their initial states on.

    Parameters
    ----------
    left, right: targets as on the command line, rules, traces, optimizer classes, step functions.
    hyper_map: hyper-parameters of the right as expressions in those of the left and ``t``; where it is not given,
        they are paired by meaning, and where that does not do, a map is looked for.
    varying: hyper-parameters that are a sequence over the steps, by the names of either; all others are constant.
    time_limit: seconds after which the answer is ``unknown``.

    Raises
    ------
    UsageError: a target, a name in ``hyper_map`` or in ``varying`` that does not exist.
    UnsupportedError: the code of a target does something that is not lifted.
    """
    return answer(left, right, hyper_map=hyper_map, varying=varying, time_limit=time_limit).verdict


def answer(
    left: Any, right: Any, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0, in_process: bool = False,
) -> Answer:  # fmt: skip
    """``compare`` with what the verdict is about, so that it can be explained.

    ``in_process`` says that the proof runs in a process of its own, which is ended when the time is up.
    """
    start = monotonic()
    a, b = subject(left), subject(right)
    settle = compare_within if in_process else compare_traces
    found = Question(a, b, hyper_map, tuple(varying), time_limit, settle).answer()
    verdict = replace(found.verdict, left=a.title, right=b.title, seconds=monotonic() - start)
    return replace(found, verdict=verdict)


@dataclass(frozen=True)
class Compared:
    """What was compared: a trace of each side for the same shapes.

    ``settled`` is the right in the left's names; ``shown`` is it as the witness has it, with names paired and nothing
    more, and under ``given_map``, where a map was given under which the two differ.
    """

    traces: Overlap
    settled: Renamed
    shown: Renamed
    given_map: Mapping[str, str] | None = None

    @property
    def hypers(self) -> tuple[str, ...]:
        """The hyper-parameters of the left."""
        return tuple(_names(self.traces.left))


@dataclass(frozen=True)
class Answer:
    """A verdict, the two subjects, and the traces that it is about; None where they are known on no common shape."""

    verdict: Verdict
    left: Subject
    right: Subject
    compared: Compared | None = None

    @property
    def scope(self) -> str:
        """On which shapes the two were compared."""
        return self.compared.traces.scope if self.compared is not None else ALL_SHAPES


@dataclass(frozen=True)
class Question:
    """Two subjects, what is given about their hyper-parameters, and how a pair of traces is settled."""

    left: Subject
    right: Subject
    hyper_map: Mapping[str, str] | None
    varying: tuple[str, ...]
    time_limit: float
    settle: Settle

    def answer(self) -> Answer:
        """The answer over all shapes that both sides were seen on."""
        found = overlaps(self.left, self.right)
        if not found:
            scopes = ", ".join(part.scope for part in self.left.parts), ", ".join(p.scope for p in self.right.parts)
            verdict = Verdict(
                self.left.title, self.right.title, "unknown",
                reason=f"the two are known on different shapes only: {scopes[0]} against {scopes[1]}",
            )  # fmt: skip
            return Answer(verdict, self.left, self.right)
        return joined([self._of_overlap(overlap) for overlap in found])

    def _of_overlap(self, overlap: Overlap) -> Answer:
        known = _names(overlap.left) + _names(overlap.right)
        for name in self.varying:
            if name not in known:
                raise UsageError(f"no hyper-parameter {name!r} varies; {nearest(name, known)}")
        given_map = None
        if self.hyper_map is not None:
            verdict = self._settled(overlap.left, overlap.right, self.hyper_map, self.varying)
            settled = shown = Renamed(overlap.right, {hyper.name: hyper.name for hyper in overlap.right.hypers}, {})
            if verdict.verdict == "different":
                given_map, shown = self.hyper_map, replace(shown, trace=under_map(overlap, self.hyper_map))
        else:
            verdict, settled, shown = self._paired(overlap.left, overlap.right)
        notes = [f"{a}" for a in verdict.assumptions] + self._evidence()
        verdict = replace(verdict, assumptions=tuple(dict.fromkeys(notes)))
        return Answer(verdict, self.left, self.right, Compared(overlap, settled, shown, given_map))

    def _paired(self, left: Trace, right: Trace) -> tuple[Verdict, Renamed, Renamed]:
        mapped = renamed(right, left, self._pairing(left, right))
        varying = self._varying(left, mapped)
        verdict = self._settled(left, mapped.trace, None, varying)
        if verdict.verdict == "different":
            verdict = self._without_extras(verdict, left, mapped)
        verdict = with_own_names(verdict, mapped)
        if verdict.verdict != "equal" or not (mapped.forms or crosses_names(left, mapped)):
            return verdict, mapped, mapped
        # Equal, but not with the same values: what differs without the map is a run with the names alone paired.
        named = {own: Partner(name) for name, own in mapped.names.items() if name in _names(left)}
        plain = renamed(right, left, next(pairings(left, right)) if crosses_names(left, mapped) else named)
        witness, _ = find_witness(left, plain.trace, varying, Deadline.after(self.time_limit))
        if witness is None:
            return verdict, mapped, mapped
        said = cause(make_pair(left, plain.trace, varying))
        verdict = replace(verdict, verdict="equal-if", witness=witness, first_step=witness.step, cause=said)
        return verdict, mapped, plain

    def _without_extras(self, verdict: Verdict, left: Trace, mapped: Renamed) -> Verdict:
        """The verdict where each side has hyper-parameters that the other lacks: equal if those are 0, or as it was."""
        off = without_extras(left, mapped)
        if not off.on_both:
            return verdict
        found = self.settle(off.left, off.right, varying=self._varying(left, mapped, off), time_limit=self.time_limit)
        if found.verdict not in ("equal", "equal-if"):
            return verdict
        zeros = {name: str(value) for name, value in off.values[1].items()}
        return replace(
            found, verdict="equal-if", witness=verdict.witness, first_step=verdict.first_step, cause=verdict.cause,
            difference=verdict.difference, hyper_map={**(found.hyper_map or {}), **zeros},
            conditions=(*off.conditions, *found.conditions),
        )  # fmt: skip

    def _settled(
        self, left: Trace, right: Trace, hyper_map: Mapping[str, str] | None, varying: tuple[str, ...]
    ) -> Verdict:
        return self.settle(left, right, hyper_map=hyper_map, varying=varying, time_limit=self.time_limit)

    def _pairing(self, left: Trace, right: Trace) -> Pairing:
        """The first pairing under which all runs agree; where none does, the likeliest."""
        deadline = Deadline.after(PAIRING_SHARE * self.time_limit)
        likeliest: Pairing | None = None
        try:
            for tried, pairing in enumerate(pairings(left, right)):
                likeliest = pairing if likeliest is None else likeliest
                # Where every name has its partner, others are not likely to do better.
                if tried == FEW_PAIRINGS and len(likeliest) == min(len(left.hypers), len(right.hypers)):
                    break
                mapped = renamed(right, left, pairing)
                off = without_extras(left, mapped)
                witness, agreed = find_witness(off.left, off.right, self._varying(left, mapped, off), deadline)
                if witness is None and agreed:
                    return pairing
        except OutOfTimeError:
            pass
        return likeliest or {}

    def _varying(self, left: Trace, mapped: Renamed, off: Off | None = None) -> tuple[str, ...]:
        """What varies, by the left's names, but what is switched off; the right's own names are understood too."""
        new = {own: name for name, own in mapped.names.items()}
        names = (name if name in _names(left) else new.get(name, name) for name in self.varying)
        fixed = [name for values in off.values for name in values] if off is not None else []
        return tuple(name for name in dict.fromkeys(names) if name not in fixed)

    def _evidence(self) -> list[str]:
        """What the reader should know of the code that was lifted."""
        notes = []
        for side in (self.left, self.right):
            casts = dict.fromkeys(cast for part in side.parts for cast in part.casts)
            if casts:
                notes.append(f"{side.title} rounds on the way ({', '.join(casts)}); this is about real numbers")
        return notes


def under_map(overlap: Overlap, hyper_map: Mapping[str, str]) -> Trace:
    """The right with its hyper-parameters as the given expressions in the left's."""
    names = tuple(_names(overlap.left))
    nodes = {name: read_expression(text, names) for name, text in hyper_map.items()}
    return with_hypers(rewrite(overlap.right, nodes), overlap.left)


def crosses_names(left: Trace, mapped: Renamed) -> bool:
    """Whether a hyper-parameter of the right is paired with another one than the left's of its own name."""
    return any(own != name and own in _names(left) for name, own in mapped.names.items())


def with_own_names(verdict: Verdict, mapped: Renamed) -> Verdict:
    """A verdict in which the right's hyper-parameters and states have their own names again, as keys of the maps."""
    if verdict.hyper_map is None:
        return verdict
    own = {mapped.names.get(name, name): text for name, text in verdict.hyper_map.items()}
    for name, partner in mapped.forms.items():
        if own.get(name) == partner.name:
            own[name] = node_text(partner.node)
    states = {mapped.states.get(name, name): text for name, text in (verdict.state_map or {}).items()}
    return replace(verdict, hyper_map=own, state_map=states if verdict.state_map is not None else None)


# The worst first: one difference makes two optimizers different.
ORDER = ("different", "unknown", "equal-if", "equal")


def joined(answers: Sequence[Answer]) -> Answer:
    """One answer from those for several kinds of shapes: the worst, at the earliest step."""
    scopes = [answer.scope for answer in answers]
    ranks = [ORDER.index(answer.verdict.verdict) for answer in answers]
    worst = [item for item, rank in zip(zip(answers, scopes, strict=True), ranks, strict=True) if rank == min(ranks)]
    first, scope = min(worst, key=lambda item: item[0].verdict.first_step or 0)
    verdict = first.verdict
    if verdict.verdict in ("different", "unknown"):
        return replace(first, verdict=replace(verdict, scope=scope if scope != ALL_SHAPES else verdict.scope))
    conditions = dict.fromkeys(condition for answer in answers for condition in answer.verdict.conditions)
    return replace(
        first, verdict=replace(verdict, scope="; ".join(dict.fromkeys(scopes)), conditions=tuple(conditions))
    )  # fmt: skip


def _names(trace: Trace) -> list[str]:
    return [hyper.name for hyper in trace.hypers]
