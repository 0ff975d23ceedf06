"""Holds a verdict against the oracle: what it says must be so on every random run, and its witness must differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import HESSIAN, LOSS, STEP, Trace
from symopt.prove.runs import UNDEFINED_TEXT, Witness
from symopt.prove.verdict import Verdict
from tests.never_wrong.conditions import Conditions
from tests.never_wrong.inputs import Inputs, inputs
from tests.never_wrong.mp import MP, apply, differ, real
from tests.never_wrong.oracle import Model, Run, elements, is_wide, value

RUNS, WIDE_RUNS = 18, 6


@dataclass(frozen=True)
class Seen:
    """What runs showed: how many steps agreed, where two rules differ or one alone is undefined, what was not read."""

    agreed: int = 0
    differs: str = ""
    domain: str = ""
    unread: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        """The same in a word."""
        return "differs" if self.differs else "domain" if self.domain else "agrees" if self.agreed else "undefined"


def on_random_runs(left: Trace, right: Trace, seed: object, verdict: Verdict | None = None) -> Seen:
    """Run two rules side by side; under the maps and conditions of a verdict where one is given."""
    agreed, domain = 0, ""
    claim = _Claim(left, right, verdict)
    unread = tuple(claim.conditions.unread)
    for k, tried in enumerate(inputs(left, right, WIDE_RUNS if is_wide(left, right) else RUNS, seed)):
        seen = _side_by_side(claim, tried)
        agreed += seen.agreed
        domain = domain or (f"run {k}: {seen.domain}" if seen.domain else "")
        if seen.differs:
            return Seen(agreed, f"run {k}: {seen.differs}", domain, unread)
    return Seen(agreed, "", domain, unread)


class _Claim:
    """Two rules, and what a verdict relates them by."""

    def __init__(self, left: Trace, right: Trace, verdict: Verdict | None) -> None:
        self.left, self.right = left, right
        own, others = [h.name for h in left.hypers], [h.name for h in right.hypers]
        names = tuple(dict.fromkeys((*left.inputs, *right.inputs)))
        written = (verdict.hyper_map or {}) if verdict else {}
        allowed = (*own, *(name for name in others if name not in own))
        self.maps: dict[str, Node] = {name: read_expression(text, allowed) for name, text in written.items()}
        states = [state.name for side in (left, right) for state in side.states]
        self.conditions = Conditions(verdict.conditions if verdict else (), names, states)
        # A condition on hyper-parameters alone that fixes one is a value to take, or no run would meet it.
        self.fixed: dict[str, Node] = {}
        for text in verdict.conditions if verdict else ():
            name, _, number = text.partition(" = ")
            if name in allowed and number:
                self.fixed[name] = read_expression(number, allowed)

    def values(self, tried: Inputs) -> dict[str, Model]:
        """The hyper-parameters of the left, and those that only the right has."""
        given = {name: tried.number(exact) for name, exact in tried.hypers.items()}
        return given | {name: value(node, given, tried.tensors) for name, node in self.fixed.items()}

    def mapped(self, hypers: Mapping[str, Model], t: int, tried: Inputs) -> dict[str, Model]:
        """The hyper-parameters of the right at a step."""
        now = {**hypers, STEP: tried.number(Fraction(t))}
        return {**hypers, **{name: value(node, now, tried.tensors) for name, node in self.maps.items()}}

    def outside(self, mapped: Mapping[str, Model]) -> str:
        """The hyper-parameter of the right that a map takes out of its domain; none where there is none."""
        domains = {h.name: h.domain for h in self.right.hypers}
        for name in self.maps:
            for x in elements(mapped[name]):
                low, high = domains[name].lower, domains[name].upper
                below = low is not None and apply("lt", x, real(low))
                if below or (high is not None and apply("lt", real(high), x)):
                    return f"{name} = {MP.nstr(x, 8)}"
        return ""


def _side_by_side(claim: _Claim, tried: Inputs) -> Seen:
    hypers = claim.values(tried)
    first = claim.mapped(hypers, 1, tried)
    if not _within(claim, first):
        return Seen()
    a, b = Run(claim.left, hypers, tried.theta), Run(claim.right, first, tried.theta)
    agreed = 0
    for t, (answers, given) in enumerate(zip(tried.answers, tried.given, strict=True), 1):
        queries = {q.name: g for q, g in zip(claim.left.queries, answers, strict=False)}
        queries = {q.name: g for q, g in zip(claim.right.queries, answers, strict=False)} | queries
        before = {**hypers, **given, **b.states, **a.states, **queries, STEP: tried.number(Fraction(t))}
        if not claim.conditions.hold(before, tried.tensors, t):
            return Seen(agreed)
        mapped = claim.mapped(hypers, t, tried)
        if outside := claim.outside(mapped):
            return Seen(agreed, f"step {t}: the map takes {outside} out of its domain")
        found = [a.step(hypers, answers, given), b.step(mapped, answers, given)]
        sides = [[elements(model) for model in side] for side in found]
        if len(sides[0]) != len(sides[1]):
            return Seen(agreed, "the two ask for different numbers of gradients")
        undefined = [any(x is None for model in side for x in model) for side in sides]
        if any(undefined):
            alone = "" if all(undefined) else "the left" if undefined[0] else "the right"
            return Seen(agreed, "", alone and f"step {t}: {alone} alone is undefined")
        for what, (xs, ys) in enumerate(zip(*sides, strict=True)):
            if any(differ(x, y) for x, y in zip(xs, ys, strict=True)):
                point = f"the point of gradient {what}" if what else "the parameter"
                shown = ", ".join(f"{name}={exact}" for name, exact in tried.hypers.items())
                return Seen(agreed, f"step {t}: {point} is {MP.nstr(xs[0], 8)} against {MP.nstr(ys[0], 8)} ({shown})")
        agreed += 1
    return Seen(agreed)


def _within(claim: _Claim, mapped: Mapping[str, Model]) -> bool:
    """Whether mapped hyper-parameters have values at all; that they lie in their domains is the verdict's to say."""
    return all(x is not None for name in claim.maps for x in elements(mapped[name]))


def replayed(left: Trace, right: Trace, witness: Witness) -> str:
    """What is wrong with a witness; nothing where its replay differs first at the step that it says.

    That one side alone is undefined is a difference too.
    """
    theta = _model(witness.theta)
    tensors = len(theta) if isinstance(theta, list) else 0
    count = len(witness.grads) // witness.step

    def number(exact: Any) -> Model:
        return [real(exact)] * tensors if tensors else real(exact)

    def hypers(t: int) -> dict[str, Model]:
        return {n: number(v[t - 1] if isinstance(v, tuple) else v) for n, v in witness.hyper.items()}

    a, b = Run(left, hypers(1), theta), Run(right, hypers(1), theta)
    for t in range(1, witness.step + 1):
        answers = [_model(g) for g in witness.grads[(t - 1) * count : t * count]]
        given = {name: _given(name, steps[t - 1], tensors) for name, steps in witness.given.items()}
        found = [side.step(hypers(t), answers, given) for side in (a, b)]
        sides = [[elements(model) for model in side] for side in found]
        undefined = [any(x is None for model in side for x in model) for side in sides]
        if all(undefined):
            return f"both sides are undefined at step {t}"
        if any(undefined) and UNDEFINED_TEXT not in str(witness.to_json()):
            return f"a value at step {t} is undefined"
        difference = any(undefined) or any(
            differ(x, y) for xs, ys in zip(*sides, strict=True) for x, y in zip(xs, ys, strict=True)
        )
        if difference != (t == witness.step):
            return f"the replay {'differs' if difference else 'agrees'} at step {t}; the witness says {witness.step}"
    return ""


def _given(name: str, exact: Any, tensors: int) -> Model:
    if name in (LOSS, "rows", "cols", "size") and tensors:
        return [real(Fraction(exact))] * tensors
    return _model(exact) if name == HESSIAN or name.startswith("draw") else real(Fraction(exact))


def _model(exact: Any) -> Model:
    """A number of a witness, or an array as the one tensor of a model; a vector is a column."""
    if not isinstance(exact, np.ndarray):
        return real(exact)
    array = np.vectorize(real, otypes=[object])(exact)
    return [array.reshape(-1, 1) if array.ndim == 1 else array]
