"""Which rule of the catalogue is this? Runs rule out, proofs confirm, and the nearest are told apart."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from time import monotonic
from typing import Any

import numpy as np

from symopt.catalogue import rule, rule_names
from symopt.errors import SymoptError, UnsupportedError
from symopt.ir.nodes import MatOp, Num, Op, Reduce, walk
from symopt.ir.trace import SIZES, HyperInfo, Trace
from symopt.lang.declare import Option
from symopt.lang.rule import Rule
from symopt.lift.confirm import run_trace
from symopt.lift.shapes import VECTOR, WIDE
from symopt.lift.sizes import has_axes
from symopt.prove.verdict import Verdict
from symopt.targets.compare import answer
from symopt.targets.pairing import pairings
from symopt.targets.resolve import of_rule, subject
from symopt.targets.shapes import overlaps
from symopt.targets.subject import Subject

SCHEMA = "symopt.identify/1"
# How many rules that come near are compared in full, and how many of them are told.
NEAR, TOLD = 8, 3
# Pairings that are run for each rule, and the steps of a run: past those in which RAdam has no variance.
PAIRINGS, STEPS = 6, 8
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Identified:
    """What a target is.

    ``rule`` is the catalogue's rule, or None; ``verdict`` says how they are related: ``equal``, ``equal-if``
    under the map and conditions of ``comparison``, ``different`` from every rule, or ``unknown``.
    """

    target: str
    verdict: str
    rule: str | None
    comparison: Verdict | None
    nearest: tuple[Verdict, ...]
    seconds: float

    @property
    def exit_status(self) -> int:
        """0 where it is a rule of the catalogue, 1 where it is one under a map or none, 3 undecided."""
        return {"equal": 0, "unknown": 3}.get(self.verdict, 1)

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt identify --json``."""
        found = self.comparison.to_json() if self.comparison is not None else None
        return {
            "schema": SCHEMA, "target": self.target, "verdict": self.verdict, "rule": self.rule,
            "comparison": found,
            "nearest": [{"rule": v.right, "verdict": v.verdict, "cause": v.cause} for v in self.nearest],
            "seconds": round(self.seconds, 4),
        }  # fmt: skip

    def text(self) -> str:
        """The answer as people read it."""
        if self.rule is None or self.comparison is None:
            said = "no rule of the catalogue" if self.verdict == "different" else "undecided"
            lines = [f"{self.target}: {said}; the nearest are"]
        else:
            found = self.comparison
            how = "" if self.verdict == "equal" else " under a map or condition"
            lines = [f"{self.target} is {self.rule}{how}"]
            lines += [
                f"  {name} of {self.rule} = {text}" for name, text in (found.hyper_map or {}).items() if name != text
            ]
            lines += [f"  condition: {condition}" for condition in found.conditions]
            lines += [f"  assumption: {assumption}" for assumption in found.assumptions]
            lines += [f"  for {found.scope}"] if found.scope else []
            lines += ["others come near"] if self.nearest else []
        lines += [f"  {v.right}: {v.verdict}" + (f"; {v.cause}" if v.cause else "") for v in self.nearest]
        return "\n".join(lines)


def identify(target: Any, *, time_limit: float = 10.0, progress: Progress = lambda *_: None) -> Identified:
    """The rule of the catalogue that a target is, exactly or under a map; else the nearest rules.

    Parameters
    ----------
    target: as for ``compare``.
    time_limit: seconds for each comparison with a rule that may be the one.
    progress: is told how many rules have been tried, of how many, and the name of the last.

    Raises
    ------
    UsageError, UnsupportedError: the target names nothing, or is not lifted.
    """
    start = monotonic()
    own = subject(target)
    candidates = variants()
    agreeing: list[Subject] = []
    for done, candidate in enumerate(candidates, 1):
        if agrees(own, candidate):
            agreeing.append(candidate)
        progress(done, len(candidates), candidate.title)
    found = [_settled(own, candidate, time_limit) for candidate in agreeing[:NEAR]]
    found = sorted(found, key=worth)
    if not found or found[0].verdict != "equal":
        near = sorted(candidates, key=lambda other: -similarity(own.trace, other.trace))
        fresh = [other for other in near if other not in agreeing][:NEAR]
        found += [_settled(own, other, time_limit / 2) for other in fresh]
        found = sorted(found, key=worth)
    best = found[0]
    is_found = best.verdict in ("equal", "equal-if")
    rest = [verdict for verdict in found if verdict is not best or not is_found][:TOLD]
    return Identified(
        own.title, best.verdict if is_found or best.verdict == "unknown" else "different",
        best.right if is_found else None, best if is_found else None, tuple(rest), monotonic() - start,
    )  # fmt: skip


def _settled(left: Subject, right: Subject, time_limit: float) -> Verdict:
    return answer(left, right, time_limit=time_limit, in_process=True).verdict


def worth(verdict: Verdict) -> tuple[int, int, int]:
    """Equal comes first, then what needs fewer conditions and changes fewer hyper-parameters, then the rest."""
    order = ("equal", "equal-if", "unknown", "different")
    changed = sum(name != text for name, text in (verdict.hyper_map or {}).items())
    return order.index(verdict.verdict), len(verdict.conditions), changed


@cache
def variants() -> tuple[Subject, ...]:
    """Every rule of the catalogue with every legal choice of its options."""
    return tuple(of_rule(configured) for name in rule_names() for configured in _choices(rule(name)))


def _choices(cls: type[Rule]) -> Iterator[Rule]:
    options = cls.declared(Option)
    for values in itertools.product(*(option.choices for option in options.values())):
        changed = {name: value for name, value in zip(options, values, strict=True) if value != options[name].default}
        try:
            yield cls(**changed)
        except SymoptError:  # a combination that the rule excludes
            continue


def agrees(left: Subject, right: Subject) -> bool:
    """Whether runs of two subjects in floating point agree under some pairing of their hyper-parameters."""
    pairs = overlaps(left, right)
    return bool(pairs) and all(_agree(pair.left, pair.right) for pair in pairs)


def _agree(left: Trace, right: Trace) -> bool:
    given = {*left.given} ^ {*right.given}
    if len(left.queries) != len(right.queries) or given - {*SIZES} or left.draws or right.draws:
        return False
    shape = WIDE if has_axes(left) or has_axes(right) else VECTOR
    values = {hyper.name: _value(hyper, i) for i, hyper in enumerate(left.hypers)}
    own = _run(left, values, shape)
    for pairing in itertools.islice(pairings(left, right), PAIRINGS):
        known = {name: float(partner.of(Fraction(values[partner.name]))) for name, partner in pairing.items()}
        rest = {h.name: 0.0 if 0 in h.domain else float(h.default) for h in right.hypers if h.name not in known}
        if np.allclose(own, _run(right, {**known, **rest}, shape), rtol=1e-6, atol=1e-9):
            return True
    return False


def _run(trace: Trace, values: Mapping[str, float], shape: tuple[int, ...]) -> Any:
    """The parameter after each of a few steps, on gradients that are the same for every trace."""
    source = np.random.default_rng(STEPS)
    p, *gradients = (source.standard_normal(shape) for _ in range(STEPS + 1))
    try:
        return np.stack(run_trace(trace, values, p, gradients))
    except UnsupportedError:  # an operation on matrices that is not evaluated in floating point
        return np.full((STEPS, *shape), np.nan)


def _value(hyper: HyperInfo, position: int) -> float:
    """A value of a hyper-parameter that no other one has, near its default where that says something."""
    spread = 1 + 0.01 * (position + 1)
    near = float(hyper.default)
    if 0 < near < 1:
        return near / spread
    return near * spread if near else 0.01 * spread


def similarity(a: Trace, b: Trace) -> float:
    """How alike two steps look: the operations that they have in common, and their numbers of states."""
    mine, others = _operations(a), _operations(b)
    common, both = sum((mine & others).values()), sum((mine | others).values())
    return common / both - 0.05 * abs(len(a.states) - len(b.states))


def _operations(trace: Trace) -> Counter[str]:
    found: Counter[str] = Counter()
    for node in walk(trace.step().values()):
        match node:
            case Op(op=op) | MatOp(op=op) | Reduce(op=op):
                found[op] += 1
            case Num(value=value):
                found[str(value)] += 1
    return found
