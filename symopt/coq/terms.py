"""Expressions of the graph as terms of Coq over the real numbers.

The step number is a natural number. Where a proof is about the step that follows ``n + 1`` others it is
``S (S n)``, and powers are written out, ``b * (b * b ^ n)``, as Coq's ``pow`` unfolds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from symopt.errors import SymoptError
from symopt.ir.nodes import Node, Num, Op, Ref, walk

BEFORE = "t.before"
PLAIN = re.compile(r"[A-Za-z0-9]")
LARGEST_POWER = 64


class NotExportableError(SymoptError):
    """Something has no form in Coq; the message says what."""

    exit_status = 3


def coq_name(prefix: str, name: str) -> str:
    """A name for Coq: of letters, digits and underscores, behind a prefix, so that it is no keyword.

    Different names stay different: what is neither letter nor digit is written by its number.
    """
    return prefix + "_" + "".join(c if PLAIN.match(c) else f"_{ord(c):x}_" for c in name)


def comment(text: str) -> str:
    """Text for inside a comment, in which nothing ends it, opens another or begins a string."""
    return re.sub(r"[^A-Za-z0-9 .,:;=<>+/_\[\]'&-]", "?", text)


@dataclass(frozen=True)
class Count:
    """A natural number ``base + offset`` in Coq; ``base`` is None for a number."""

    base: str | None
    offset: int

    @property
    def real(self) -> str:
        """The same as a real number."""
        if self.base is None:
            return number(Fraction(self.offset))
        if self.offset == 0:
            return f"(INR {self.base})"
        if self.base == "n":  # INR (S (S n)) unfolds to INR (S n) + 1
            return "(INR (S n) + 1)" if self.offset == 2 else "(INR (S n))"
        return f"(INR ({self.base} + {self.offset})%nat)"


def number(value: Fraction) -> str:
    """A rational number."""
    top = str(value.numerator) if value >= 0 else f"(- {-value.numerator})"
    return top if value.denominator == 1 else f"({top} / {value.denominator})"


@dataclass(frozen=True)
class Printer:
    """Prints expressions: ``names`` in Coq, ``counts`` the natural numbers among them, ``unfolded`` powers or not."""

    names: Mapping[str, str]
    counts: Mapping[str, Count]
    unfolded: bool

    def __call__(self, root: Node) -> str:
        """The expression as a term.

        Raises
        ------
        NotExportableError: it has an operation that Coq's real numbers lack.
        """
        done: dict[Node, str] = {}
        for node in walk([root]):
            match node:
                case Num(value=value):
                    done[node] = number(value)
                case Ref(name=name) if name in self.counts:
                    done[node] = self.counts[name].real
                case Ref(name=name):
                    done[node] = self.names[name]
                case Op(op="pow"):
                    done[node] = self._power(node, done)
                case Op(op=name) if name in FORMS:
                    done[node] = FORMS[name].format(*(done[arg] for arg in node.args))
                case _:
                    raise NotExportableError(f"{getattr(node, 'op', 'this')} is no operation on one element")
        return done[root]

    def _power(self, node: Op, done: Mapping[Node, str]) -> str:
        base, exponent = node.args
        count = self.count(exponent)
        if count is None:
            raise NotExportableError("a power whose exponent is no whole number")
        if count.base is None and count.offset < 0:
            return f"(/ {self._natural(done[base], Count(None, -count.offset))})"
        return self._natural(done[base], count)

    def _natural(self, base: str, count: Count) -> str:
        if not (0 if self.unfolded or count.base is None else -1) <= count.offset <= LARGEST_POWER:
            raise NotExportableError(f"a power with the exponent {count.base or ''}{count.offset:+}")
        if not self.unfolded:
            if count.base is None:
                return f"({base} ^ {count.offset})"
            later = "(S " * count.offset + count.base + ")" * count.offset
            return f"({base} ^ {later if count.offset >= 0 else f'({count.base} - 1)'})"
        rest = "1" if count.base is None else f"({base} ^ {count.base})"
        return f"({base} * " * count.offset + rest + ")" * count.offset

    def count(self, node: Node) -> Count | None:
        """An exponent as a natural number, where it is the step and whole numbers added."""
        match node:
            case Num(value=value) if value.denominator == 1:
                return Count(None, value.numerator)
            case Ref(name=name):
                return self.counts.get(name)
            case Op(op="add" | "sub" as name, args=(a, b)):
                x, y = self.count(a), self.count(b)
                if x is None or y is None or (y.base is not None and (name == "sub" or x.base is not None)):
                    return None
                return Count(x.base or y.base, x.offset + (y.offset if name == "add" else -y.offset))
        return None


FORMS: Mapping[str, str] = {
    "add": "({} + {})", "sub": "({} - {})", "mul": "({} * {})", "div": "({} / {})", "neg": "(- {})",
    "sqrt": "(sqrt {})", "abs": "(Rabs {})", "exp": "(exp {})", "log": "(ln {})", "cos": "(cos {})",
    "floor": "(IZR (Int_part {}))",
    "max": "(Rmax {} {})", "min": "(Rmin {} {})", "sign": "(sgn {})", "where": "(if {} then {} else {})",
    "lt": "(ltb {} {})", "le": "(leb {} {})", "eq": "(eqb {} {})",
    "and": "(andb {} {})", "or": "(orb {} {})", "not": "(negb {})",
}  # fmt: skip
