"""What no certificate was found for, asked of z3: in a process of its own that is killed at its deadline."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from symopt.lang.domain import Domain
from symopt.prove.elements import Poly
from symopt.prove.inequality.naming import Naming
from symopt.prove.inequality.obligation import OpenCase

REPLAYED = "z3 finds a state and a step that violate it, which no run was found to reach"
NOT_REPLAYED = "z3 reports values that violate it, which were not confirmed in exact arithmetic"
INSTALL = "z3 is not installed; pip install 'symopt-codegen[prove]'"
COMMAND = (sys.executable, "-I", str(Path(__file__).with_name("solver.py")))
LONGEST_QUESTION = 60_000


class Answer(NamedTuple):
    """``unsat``, ``sat`` or ``unknown``; the exact ones among a model's values; why it is unknown."""

    status: str
    model: Mapping[str, Fraction]
    reason: str = ""


def ask(case: OpenCase, seconds: float, command: Sequence[str] = COMMAND) -> Answer:
    """Whether the goal of a case can fail where everything that is known holds."""
    if command is COMMAND and find_spec("z3") is None:
        return Answer("unknown", {}, INSTALL)
    text = question(case)
    if len(text) > LONGEST_QUESTION:
        return Answer("unknown", {}, "the question is too long for z3")
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=max(seconds, 0.05), check=False
        )
    except subprocess.TimeoutExpired:
        return Answer("unknown", {}, f"z3 was stopped after {seconds:.1f} s")
    lines = done.stdout.split("\n")
    if lines[0] not in ("sat", "unsat"):
        return Answer("unknown", {}, "z3 does not know" if lines[0] == "unknown" else "z3 gave no answer")
    if lines[0] == "unsat":
        return Answer("unsat", {})
    pairs = (line.split(" ", 1) for line in lines[1:] if " " in line and "~" not in line)
    model = {name: Fraction(value) for name, value in pairs}
    return Answer("sat", model, REPLAYED if replayed(case, model) else NOT_REPLAYED)


def constraints(case: OpenCase) -> list[tuple[Poly, str]]:
    """What is known in a case and the opposite of its goal: polynomials that are ``>``, ``>=`` or ``=`` zero."""
    field = case.field
    found = [(fact.poly, ">" if fact.strict else ">=") for fact in case.knowns]
    found += [(poly * sign if sign else poly, ">" if sign else "=") for poly, sign in field.facts]
    found.append((-case.goal, ">=" if case.strict else ">"))
    used: list[int] = []
    pending = [i for poly, _ in found for i, degree in enumerate(poly.degrees()) if degree]
    while pending:
        i = pending.pop()
        if i in used:
            continue
        used.append(i)
        gen, meaning, domain = field.ring.gens[i], field.ring.meanings.get(i), field.domains.get(i, Domain())
        if meaning is not None and meaning.kind == "sqrt":
            radicand = meaning.args[0].num
            found.append((gen * gen - radicand, "="))
            pending += [j for j, degree in enumerate(radicand.degrees()) if degree]
        if domain.lower is not None:
            low = gen * domain.lower.denominator - domain.lower.numerator
            found.append((low, ">" if domain.lower_open else ">="))
        if domain.upper is not None:
            high = domain.upper.numerator - gen * domain.upper.denominator
            found.append((high, ">" if domain.upper_open else ">="))
    return found


def question(case: OpenCase) -> str:
    """The constraints of a case as SMT-LIB."""
    found, naming = constraints(case), Naming(case.field)
    used = dict.fromkeys(i for poly, _ in found for i, degree in enumerate(poly.degrees()) if degree)
    lines = [f"(declare-const {naming.name(i)} Real)" for i in used]
    lines += [f"(assert ({symbol} {_poly(naming, poly)} 0))" for poly, symbol in found]
    return "\n".join(lines) + "\n"


def replayed(case: OpenCase, model: Mapping[str, Fraction]) -> bool:
    """Whether all constraints hold at the values of a model, exactly."""
    naming = Naming(case.field)
    for poly, symbol in constraints(case):
        total = Fraction(0)
        for monomial, c in poly.to_dict().items():
            term = Fraction(int(c))
            for i, exponent in enumerate(monomial):
                if exponent:
                    if naming.name(i) not in model:  # z3 gave no value, or one that is not rational
                        return False
                    term *= model[naming.name(i)] ** int(exponent)
            total += term
        if not (total > 0 or (total == 0 and symbol != ">")) or (symbol == "=" and total):
            return False
    return True


def _poly(naming: Naming, poly: Poly) -> str:
    terms = []
    for monomial, c in poly.to_dict().items():
        size = str(abs(int(c)))
        factors = [size if c > 0 else f"(- {size})"]
        factors += [naming.name(i) for i, e in enumerate(monomial) for _ in range(int(e))]
        terms.append(f"(* {' '.join(factors)})" if len(factors) > 1 else factors[0])
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else (terms[0] if terms else "0")
