"""The roundings of a step as a question to Gappa, which proves bounds of them (Daumas & Melquiond 2010)."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from fractions import Fraction

from symopt.errors import MissingToolError, UnsupportedError
from symopt.ir.nodes import Node, Num, Op, Ref, walk
from symopt.run.hazards.formats import Format
from symopt.run.hazards.interval import Interval

OPERATIONS = {"add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0} * {1}", "div": "{0} / {1}", "sqrt": "sqrt({0})"}
UNROUNDED = {"neg": "-{0}", "abs": "|{0}|"}
SECONDS = 10
# An end as Gappa writes it: ``-1775b-52 {-3.94e-13, -2^(-41)}``, a whole number times a power of two.
END = r"(-?[0-9.]+(?:b-?[0-9]+)?)(?: \{[^}]*\})?"


def script(given: Format, root: Node, inputs: Mapping[str, Interval], *, relative: bool = False) -> str:
    """The question how far the rounded value of an expression is from the exact one.

    Raises
    ------
    UnsupportedError: Gappa has no such operation.
    """
    least = given.least - given.digits + 1
    lines = [f"@rnd = float<{given.digits}, {least}, ne>;"]
    lines += [f"{name} = rnd({name}_);" for name in inputs]
    named: dict[Node, tuple[str, str]] = {}
    for node in walk([root]):
        match node:
            case Ref(name=name):
                named[node] = (name, name)
            case Num(value=value):
                named[node] = (f"rnd({_literal(value)})", _literal(value))
            case Op(op=op) if op in OPERATIONS or op in UNROUNDED:
                own, exact = f"r{len(named)}", f"x{len(named)}"
                form = OPERATIONS.get(op) or UNROUNDED[op]
                rounded, unrounded = (form.format(*(named[arg][side] for arg in node.args)) for side in (0, 1))
                lines.append(f"{own} = rnd({rounded});" if op in OPERATIONS else f"{own} = {rounded};")
                lines.append(f"{exact} = {unrounded};")
                named[node] = (own, exact)
            case _:
                raise UnsupportedError(f"Gappa has no {getattr(node, 'op', type(node).__name__)}")
    own, exact = named[root]
    ranges = " /\\ ".join(f"{name} in [{_float(box.lo)}, {_float(box.hi)}]" for name, box in inputs.items())
    asked = f"{own} -/ {exact}" if relative else f"{own} - {exact}"
    return "\n".join([*lines, f"{{ {ranges} -> {asked} in ? }}"]) + "\n"


def answer(text: str) -> Fraction:
    """The bound that Gappa finds.

    Raises
    ------
    MissingToolError: Gappa is not installed.
    UnsupportedError: Gappa finds no bound.
    """
    program = shutil.which("gappa")
    if program is None:
        raise MissingToolError("gappa is not installed: apt install gappa")
    try:
        done = subprocess.run([program], input=text, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UnsupportedError(f"Gappa gives no bound within {SECONDS} s") from None
    found = re.search(rf" in \[{END}, {END}\]", done.stdout + done.stderr)
    if found is None:
        raise UnsupportedError("Gappa finds no bound")
    return max(abs(_bound(end)) for end in found.groups())


def _bound(end: str) -> Fraction:
    mantissa, _, exponent = end.partition("b")
    return Fraction(mantissa) * Fraction(2) ** int(exponent or 0)


def _literal(value: Fraction) -> str:
    return f"({value.numerator}/{value.denominator})" if value.denominator != 1 else str(value.numerator)


def _float(value: float) -> str:
    """A binary number, exactly."""
    ratio = Fraction(value)
    return f"{ratio.numerator}b-{ratio.denominator.bit_length() - 1}"
