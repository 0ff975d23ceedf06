"""The theorems of the catalogue: each is settled by the prover, compared with its claim, and re-checked."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from symopt._paths import data_dir
from symopt.catalogue import resolve
from symopt.errors import SpecError, UsageError, nearest
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.theorem import HOLDS, Compare, Theorem
from symopt.passes.specialise import rewrite
from symopt.passes.tracing import trace
from symopt.prove.cases import Deadline, OutOfTimeError
from symopt.prove.check import Check, check_equality, check_property, check_witness
from symopt.prove.compare import compare
from symopt.prove.elements import NotDecidedError
from symopt.prove.equations import Equations
from symopt.prove.expressions import read_expression
from symopt.prove.proof import Proof
from symopt.prove.properties import PropertyProver
from symopt.prove.verdict import Verdict

TIME_LIMIT = 20.0


@dataclass(frozen=True)
class TheoremResult:
    """What the prover found for a theorem.

    ``verdict`` is what was found: a verdict of ``compare``, or ``holds``, ``unknown`` for a property.
    ``as_stated`` compares it with the claim; ``check`` is the independent checker's answer.
    """

    theorem: Theorem
    verdict: str
    as_stated: bool
    check: Check
    proof: Proof | None = None
    comparison: Verdict | None = None
    reason: str = ""

    @property
    def exit_status(self) -> int:
        """0 as stated and re-checked, 3 undecided, 1 otherwise."""
        if self.verdict == "unknown":
            return 3
        return 0 if self.as_stated and self.check.passed else 1

    def to_json(self) -> dict[str, Any]:
        """The result as plain data."""
        return {
            "name": self.theorem.name, "statement": self.theorem.statement, "claim": self.theorem.claim,
            "why": self.theorem.why, "source": self.theorem.source, "verdict": self.verdict,
            "as_stated": self.as_stated, "checked": self.check.passed, "checked_by": self.check.how,
            "proof": self.proof.to_json() if self.proof else None,
            "comparison": self.comparison.to_json() if self.comparison else None, "reason": self.reason or None,
        }  # fmt: skip

    def text(self) -> str:
        """The result as people read it."""
        word = {0: "as stated", 1: "NOT AS STATED", 3: "UNDECIDED"}[self.exit_status]
        lines = [f"{self.theorem.name}: {word}", f"  {self.theorem.statement}"]
        if self.theorem.why:
            lines.append(f"  {self.theorem.why}")
        if self.comparison is not None:
            lines += [f"  {line}" for line in self.comparison.text().splitlines()[1:]]
        elif self.proof is not None:
            lines += [f"  {line}" for line in self.proof.text().splitlines()]
        if self.reason:
            lines.append(f"  {self.reason}")
        lines.append(f"  checked independently: {self.check.how}" if self.check.passed else f"  {self.check.how}")
        return "\n".join(lines)


@cache
def theorems() -> Mapping[str, Theorem]:
    """Every theorem of specs/theorems by name, in the order of files and of their lines.

    Raises
    ------
    SpecError: two theorems have one name, or a file has no list THEOREMS.
    """
    found: dict[str, Theorem] = {}
    for path in sorted((data_dir("specs") / "theorems").glob("*.py")):
        module = importlib.import_module(f"symopt.specs.theorems.{path.stem}")
        for theorem in getattr(module, "THEOREMS", None) or _missing(path.name):
            if theorem.name in found:
                raise SpecError(f"specs/theorems/{path.name}: a second theorem is called {theorem.name!r}")
            found[theorem.name] = theorem
    return found


def _missing(file: str) -> list[Theorem]:
    raise SpecError(f"specs/theorems/{file} has no list THEOREMS of theorems")


def theorem_names() -> list[str]:
    """The names of the theorems, in order."""
    return list(theorems())


def prove(names: Sequence[str] | None = None) -> list[TheoremResult]:
    """Settle theorems by name, all of them where none is named.

    Raises
    ------
    UsageError: no theorem has a name.
    """
    known = theorems()
    for name in names or ():
        if name not in known:
            raise UsageError(f"no theorem is called {name!r}; {nearest(name, known)}")
    return [settle(known[name]) for name in (names or known)]


def settle(theorem: Theorem) -> TheoremResult:
    """Find the verdict for one theorem, compare it with the claim, and re-check it."""
    if isinstance(theorem.subject, Compare):
        return _settle_comparison(theorem, theorem.subject)
    subject = theorem.subject
    rule = trace(resolve(subject.rule))
    try:
        settled = PropertyProver(rule, Deadline.after(TIME_LIMIT)).settle(subject)
    except (NotDecidedError, OutOfTimeError) as error:
        return TheoremResult(theorem, "unknown", False, Check(False, "nothing to check"), reason=str(error))
    check = check_property(rule, subject)
    if settled.proof is None:
        reason = "; ".join(part for part in (settled.found, settled.reason) if part)
        return TheoremResult(theorem, "unknown", False, check, reason=reason)
    return TheoremResult(theorem, HOLDS, True, check, proof=settled.proof)


def _settle_comparison(theorem: Theorem, subject: Compare) -> TheoremResult:
    left, right = trace(resolve(subject.left)), trace(resolve(subject.right))
    verdict = compare(
        left, right, hyper_map=subject.given or None, varying=subject.varying, time_limit=TIME_LIMIT
    )  # fmt: skip
    missing = [condition for condition in theorem.when if condition not in verdict.conditions]
    wrong = [name for name, text in theorem.under.items() if not _same_map(left, verdict, name, text)]
    # Under premises, an equality that needs them is the claim itself.
    found = "equal" if subject.given and verdict.verdict == "equal-if" else verdict.verdict
    reasons = [f"the condition {condition!r} was not found" for condition in missing]
    reasons += [f"the map found for {name} is {(verdict.hyper_map or {}).get(name)}" for name in wrong]
    if found not in (theorem.claim, "unknown"):
        reasons.append(f"the verdict is {found}, the claim {theorem.claim}")
    check = _recheck(left, right, verdict, subject)
    return TheoremResult(
        theorem, found, found == theorem.claim and not missing and not wrong, check, verdict.proof, verdict,
        "; ".join(reasons),
    )  # fmt: skip


def _same_map(left: Trace, verdict: Verdict, name: str, text: str) -> bool:
    """Whether the map that was found is the one that is claimed, as expressions."""
    names = tuple(hyper.name for hyper in left.hypers)
    found = (verdict.hyper_map or {}).get(name)
    if found is None:
        return False
    equations = Equations(names, {}, (), left.domains, Deadline.after(TIME_LIMIT))
    difference: list[Node] = [read_expression(found, names), read_expression(text, names)]
    return bool(equations.difference(*difference)[1] == 0)


def _recheck(left: Trace, right: Trace, verdict: Verdict, subject: Compare) -> Check:
    """Replay the witness and try the equality, whichever the verdict has."""
    checks = []
    mapped = right
    if subject.given and verdict.verdict == "different":
        names = tuple(hyper.name for hyper in left.hypers)
        mapped = rewrite(right, {name: read_expression(text, names) for name, text in subject.given.items()})
    if verdict.witness is not None:
        said = verdict.witness.to_json()
        checks.append(check_witness(left, mapped, said, verdict.witness.step, verdict.witness.query))
    if verdict.proof is not None:
        maps = verdict.hyper_map or {}
        checks.append(check_equality(left, right, maps, verdict.state_map or {}, verdict.conditions))
    if not checks:
        return Check(False, "nothing to check")
    return Check(all(check.passed for check in checks), "; ".join(check.how for check in checks))
