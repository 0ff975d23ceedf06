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
    pairs = (line.split(" ", 1) for line in lines[1:] if " " in line and "~" not in line)
    return Answer(lines[0], {name: Fraction(value) for name, value in pairs})


def question(case: OpenCase) -> str:
    """The case as SMT-LIB: all that is known, and the opposite of the goal."""
    field, naming = case.field, Naming(case.field)
    facts = [(fact.poly, ">" if fact.strict else ">=") for fact in case.knowns]
    facts += [(poly * sign if sign else poly, ">" if sign else "=") for poly, sign in field.facts]
    facts.append((-case.goal, ">=" if case.strict else ">"))
    used: list[int] = []
    relations: list[str] = []
    pending = [i for poly, _ in facts for i, degree in enumerate(poly.degrees()) if degree]
    while pending:
        i = pending.pop()
        if i in used:
            continue
        used.append(i)
        meaning = field.ring.meanings.get(i)
        if meaning is not None and meaning.kind == "sqrt":
            radicand = meaning.args[0].num
            relations.append(f"(= (* {naming.name(i)} {naming.name(i)}) {_poly(naming, radicand)})")
            pending += [j for j, degree in enumerate(radicand.degrees()) if degree]
    lines = [f"(declare-const {naming.name(i)} Real)" for i in used]
    for i in used:
        lines += [f"(assert {text})" for text in _interval(naming.name(i), field.domains.get(i, Domain()))]
    lines += [f"(assert {text})" for text in relations]
    lines += [f"(assert ({symbol} {_poly(naming, poly)} 0))" for poly, symbol in facts]
    return "\n".join(lines) + "\n"


def _interval(name: str, domain: Domain) -> list[str]:
    found = []
    if domain.lower is not None:
        found.append(f"({'>' if domain.lower_open else '>='} {name} {_number(domain.lower)})")
    if domain.upper is not None:
        found.append(f"({'<' if domain.upper_open else '<='} {name} {_number(domain.upper)})")
    return found


def _number(value: Fraction) -> str:
    size = f"(/ {abs(value.numerator)} {value.denominator})" if value.denominator != 1 else str(abs(value.numerator))
    return f"(- {size})" if value < 0 else size


def _poly(naming: Naming, poly: Poly) -> str:
    terms = []
    for monomial, c in poly.to_dict().items():
        factors = [naming.name(i) for i, e in enumerate(monomial) for _ in range(int(e))]
        terms.append(f"(* {' '.join([_number(Fraction(int(c))), *factors])})" if factors else _number(Fraction(int(c))))
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else (terms[0] if terms else "0")
