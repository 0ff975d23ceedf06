"""Edits of theorems: a map, a term or a bound that is claimed is changed, and the settled claim held against runs."""

from __future__ import annotations

import ast
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

from symopt.errors import SymoptError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import refs
from symopt.ir.trace import PARAMETER, Trace
from symopt.lang.theorem import ClosedForm, Compare, FirstStep, Invariant, Property, Theorem, WeightsSum
from symopt.lang.theorem.bounds import comparisons
from symopt.theorems.catalogue import theorems
from symopt.theorems.settle import settle
from tests.never_wrong.campaign import traced
from tests.never_wrong.conditions import TRUTH
from tests.never_wrong.judge import on_random_runs
from tests.never_wrong.mp import ZERO, apply, differ, real
from tests.never_wrong.oracle import Run, is_wide, value

# The expressions of a subject that are edited.
EDITED = {Compare: "given", ClosedForm: "term", WeightsSum: "total", FirstStep: "value", Invariant: "of"}
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult}
ORDERS = {ast.LtE: ast.Lt, ast.Lt: ast.LtE, ast.GtE: ast.Gt, ast.Gt: ast.GtE}
RUNS, STEPS = 40, 6


@dataclass(frozen=True)
class Edited:
    """A theorem with one expression changed, what came out, and what is wrong with it."""

    name: str
    change: str
    verdict: str
    seconds: float
    wrong: str = ""


def edited(seed: int) -> Iterator[tuple[str, Theorem]]:
    """Every theorem with an expression that can be edited, edited once."""
    for name, theorem in theorems().items():
        chosen = random.Random(f"{name} {seed}")
        field = EDITED.get(type(theorem.subject))
        if field is None:
            continue
        subject: Any = theorem.subject
        if isinstance(subject, Compare):
            maps = dict(subject.given or theorem.under)
            if not maps:
                continue
            which = chosen.choice(list(maps))
            before, maps[which] = maps[which], other_text(maps[which], chosen)
            changed, what = replace(subject, given=maps), f"{which} = {before} -> {maps[which]}"
        else:
            before = getattr(subject, field)
            after = other_text(before, chosen)
            changed, what = replace(subject, **{field: after}), f"{before} -> {after}"
        yield what, replace(theorem, subject=changed, under={}, when=(), claim="equal" if field == "given" else "holds")


class _Edit(ast.NodeTransformer):
    """Changes the node with one number, counted in the order of the walk."""

    def __init__(self, which: int, chosen: random.Random, names: list[str]) -> None:
        self.which, self.chosen, self.names, self.seen = which, chosen, names, -1

    def visit(self, node: ast.AST) -> Any:
        if not isinstance(node, ast.BinOp | ast.Constant | ast.Name | ast.Compare | ast.UnaryOp):
            return self.generic_visit(node)
        self.seen += 1
        return self._other(node) if self.seen == self.which else self.generic_visit(node)

    def _other(self, node: ast.AST) -> ast.AST:
        match node:
            case ast.BinOp(op=how) if type(how) in OPERATORS and self.chosen.random() < 0.5:
                return ast.BinOp(node.left, OPERATORS[type(how)](), node.right)
            case ast.BinOp():
                return self.chosen.choice([node.left, node.right])
            case ast.Constant(value=int() as number):
                return ast.Constant(self.chosen.choice([number + 1, number - 1 if number else 2]))
            case ast.Name(id=name) if name in self.names:
                return ast.Name(self.chosen.choice([other for other in self.names if other != name] or [name]))
            case ast.UnaryOp():
                return node.operand
            case ast.Compare(ops=[how, *rest]) if type(how) in ORDERS:
                return ast.Compare(node.left, [ORDERS[type(how)](), *rest], node.comparators)
        return node


def other_text(text: str, chosen: random.Random) -> str:
    """An expression or a comparison with one place changed."""
    source = re.sub(r"(?<![<>=!])=(?!=)", "==", text)
    parsed = ast.parse(source, mode="eval").body
    before = ast.unparse(parsed)
    calls = {n.func.id for n in ast.walk(parsed) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    names = sorted({n.id for n in ast.walk(parsed) if isinstance(n, ast.Name)} - calls)
    for _ in range(20):
        parsed = ast.parse(source, mode="eval").body
        after = ast.unparse(_Edit(chosen.randrange(12), chosen, names).visit(parsed))
        if after != before:
            return after.replace("==", "=")
    return text


def settled_theorem(what: str, theorem: Theorem, time_limit: float) -> Edited | None:
    """Settle an edited theorem and hold the verdict against random runs; None where it is no theorem any more."""
    start = monotonic()
    try:
        result = settle(theorem, time_limit)
    except SymoptError:  # an expression over names that the rule lacks, a map out of its domain
        return None
    except Exception as error:  # of the prover: a finding like others
        return Edited(theorem.name, what, "error", monotonic() - start, f"error of the prover: {error!r}")
    seconds = monotonic() - start
    wrong = ""
    if isinstance(theorem.subject, Compare):
        left, right = (traced(target) for target in (theorem.subject.left, theorem.subject.right))
        if result.verdict.startswith("equal") and result.comparison is not None and not theorem.subject.varying:
            seen = on_random_runs(left, right, what, result.comparison)
            wrong = f"false {result.verdict}: {seen.differs}" if seen.differs and not seen.unread else ""
    elif result.verdict == "holds":
        wrong = refuted(theorem.subject, what)
    if result.verdict != "unknown" and not result.check.passed:
        wrong = wrong or f"the checker refuses it: {result.check.how}"
    return Edited(theorem.name, what, result.verdict, seconds, wrong)


def refuted(claim: Property, seed: str) -> str:
    """A random run on which a property does not hold; nothing where there is none."""
    trace = traced(claim.rule)
    given = getattr(claim, "given", ())
    maps = isinstance(given, Mapping) and bool(given)
    if is_wide(trace) or trace.given or trace.draws or maps:
        return ""  # runs of one element show nothing of these
    for k in range(RUNS):
        chosen = random.Random(f"{seed} {k}")
        run = _PropertyRun(trace, claim, chosen)
        found = run.refute()
        if found:
            return f"false holds: {found}"
    return ""


class _PropertyRun:
    """One random run of a rule, on which a property is looked at after every step."""

    def __init__(self, trace: Trace, claim: Property, chosen: random.Random) -> None:
        self.trace, self.claim, self.chosen = trace, claim, chosen
        self.hypers = {h.name: real(self._hyper(h.domain, h.default)) for h in trace.hypers}
        self.given = [link for text in getattr(claim, "given", ()) for link in comparisons(text)]
        for link in self.given:
            if link.symbol == "=" and link.left in self.hypers:
                self.hypers[link.left] = self._value(link.right, self.hypers)
        self.free = {name: real(Fraction(chosen.randint(-8, 8), 4)) for name in getattr(claim, "free", ())}
        self.theta = real(Fraction(chosen.randint(-8, 8), 4)) if not isinstance(claim, WeightsSum) else ZERO

    def _hyper(self, domain: Any, default: Fraction) -> Fraction:
        pool = [Fraction(k, 16) for k in range(1, 40)] + [
            Fraction(0),
            Fraction(1),
            Fraction(9, 10),
            Fraction(999, 1000),
        ]
        return self.chosen.choice([v for v in pool if v in domain] or [default])

    def _value(self, text: str, values: dict[str, Any]) -> Any:
        return value(read_expression(text, tuple(values)), values)

    def refute(self) -> str:
        if isinstance(self.claim, WeightsSum):
            return ""  # settled by the sum of single responses, which the checker unrolls
        run = Run(self.trace, self.hypers, self.theta)
        pairs: list[tuple[Any, Any]] = []
        for t in range(1, STEPS + 1):
            before = {**self.hypers, **self.free, **run.states, "p_0": self.theta, "t": real(Fraction(t))}
            answers = [real(Fraction(self.chosen.randint(-16, 16), 8)) for _ in self.trace.queries]
            before |= {query.name: g for query, g in zip(self.trace.queries, answers, strict=True)}
            pairs.append((run.states[PARAMETER], answers[0]))
            if run.step(self.hypers, answers, {})[0] is None:
                return ""
            found = self._look(before, run, pairs, t)
            if found is None:
                return ""
            if found:
                return f"step {t}: {found}"
        return ""

    def _look(self, before: dict[str, Any], run: Run, pairs: list[tuple[Any, Any]], t: int) -> str | None:
        """What is wrong after a step; None where the run is none that the claim is about."""
        claim = self.claim
        match claim:
            case FirstStep():
                expected = self._value(claim.value, before)
                return self._same(expected, run.states[PARAMETER]) if t == 1 else ""
            case ClosedForm():
                total: Any = ZERO
                for k, (p, g) in enumerate(pairs, 1):
                    values = {**self.hypers, "t": real(Fraction(t)), "k": real(Fraction(k)), "p": p, "g": g}
                    total = apply("add", total, self._value(claim.term, values))
                return self._same(total, run.states[claim.of])
            case Invariant():
                return self._bounds(claim, before, run, t)
        return ""

    def _bounds(self, claim: Invariant, before: dict[str, Any], run: Run, t: int) -> str | None:
        values = {**run.statements, **before} | {f"{name}_new": new for name, new in run.states.items()}
        about_states = self._is_about_states(claim)
        if about_states:
            values |= run.states
        if not all(self._holds(link, values) for link in self.given):
            return None
        for link in comparisons(claim.of):
            if self._holds(link, values) is False:
                return f"{link} does not hold ({ {n: str(v)[:8] for n, v in self.hypers.items()} })"
        return ""

    def _is_about_states(self, claim: Invariant) -> bool:
        known = {*self.hypers, *(s.name for s in self.trace.states), PARAMETER, "p_0", "t", *self.free}
        names = (*known, *self.trace.inputs, *(let.name for let in self.trace.lets), *(f"{n}_new" for n in known))
        names = (*names, *(let.target for let in self.trace.lets))
        read = {
            n
            for link in comparisons(claim.of)
            for side in (link.left, link.right)
            for n in refs(read_expression(side, names))
        }
        return read <= known

    def _holds(self, link: Any, values: dict[str, Any]) -> bool | None:
        a, b = self._value(link.left, values), self._value(link.right, values)
        return None if a is None or b is None else bool(TRUTH[link.symbol](a, b))

    def _same(self, a: Any, b: Any) -> str:
        return f"{a} against {b}" if a is not None and b is not None and differ(a, b) else ""
