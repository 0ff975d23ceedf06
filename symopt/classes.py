"""Classes of rules: what a rule looks at to update an element. Computed from the trace, and never declared.

What a backend makes is asked of the backend, rule by rule, and told by class: rules of one class that
are refused for one reason are one line of a table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from symopt.backends.base import Variant, render_variants, variants_of
from symopt.backends.registry import backend
from symopt.errors import UnsupportedError
from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Reduce, ref, walk
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, Trace
from symopt.lang.rule import Rule


class Trait(Enum):
    """What a rule looks at besides the element; a class is a set of these, and none of the next four is ``E``."""

    ELEMENT = "E"
    TENSOR = "T"
    AXES = "A"
    MATRIX = "X"
    MODEL = "G"
    GRADIENTS = "P"
    RANDOM = "S"
    INPUTS = "I"

    @property
    def words(self) -> str:
        """The trait, spelt out."""
        return WORDS[self][0]

    @property
    def meaning(self) -> str:
        """The trait in a sentence."""
        return WORDS[self][1]


WORDS = {
    Trait.ELEMENT: ("element-wise", "every element is updated by itself"),
    Trait.TENSOR: ("per tensor", "norms, means or other numbers of a tensor"),
    Trait.AXES: ("rows and columns", "the parameter is a matrix; numbers of its rows or columns"),
    Trait.MATRIX: ("matrix", "the parameter is a matrix; products, roots or eigenvectors"),
    Trait.MODEL: ("model", "numbers of all tensors of the model together"),
    Trait.GRADIENTS: ("own gradients", "gradients at points of its own, or several in a step"),
    Trait.RANDOM: ("random", "random numbers"),
    Trait.INPUTS: ("extra inputs", "the loss, or an estimate of the second derivative"),
}
Traits = tuple[Trait, ...]


def traits_of(recorded: Trace) -> Traits:
    """The class of a trace."""
    nodes = list(walk([*(let.value for let in recorded.lets), *(query.point for query in recorded.queries)]))
    reductions = [node for node in nodes if isinstance(node, Reduce)]
    given = {*recorded.given}
    has_matrices = any(isinstance(node, MatOp) for node in nodes)
    # How many rows and columns there are is a number of the tensor, of which only a matrix has two.
    counts_sides = bool({ROWS, COLS} & given)
    of_tensor = (
        counts_sides or SIZE in given or any(r.axis is None and r.op not in MODEL_REDUCTIONS for r in reductions)
    )
    found = {
        Trait.TENSOR: of_tensor,
        Trait.AXES: any(r.axis is not None for r in reductions) or (counts_sides and not has_matrices),
        Trait.MATRIX: has_matrices,
        Trait.MODEL: any(r.op in MODEL_REDUCTIONS for r in reductions),
    }
    found[Trait.ELEMENT] = not any(found.values())
    found[Trait.GRADIENTS] = len(recorded.queries) > 1 or any(q.point is not ref(PARAMETER) for q in recorded.queries)
    found[Trait.RANDOM] = bool(recorded.draws)
    found[Trait.INPUTS] = bool({LOSS, HESSIAN} & given)
    return tuple(trait for trait in Trait if found[trait])


def letters(traits: Traits) -> str:
    """A class in short: ``A+T``."""
    return "+".join(trait.value for trait in traits)


def words(traits: Traits) -> str:
    """A class spelt out."""
    return ", ".join(trait.words for trait in traits)


# What backends make


@dataclass(frozen=True)
class Made:
    """What a backend makes of a rule: nothing, functions, or all; ``lacks`` says what it does not make, and ``why``."""

    backend: str
    files: dict[str, str]
    lacks: str = ""
    why: str = ""


@dataclass(frozen=True)
class Refusal:
    """What a backend does not make for the rules of one class, and why."""

    traits: Traits
    backend: str
    lacks: str
    why: str
    rules: tuple[str, ...]


NOTHING = "kernels"


def made(name: str, variants: Sequence[Variant], target: str = "") -> Made:
    """What a backend makes of a rule."""
    try:
        files = render_variants(backend(name), variants, target)
    except UnsupportedError as error:
        return Made(name, {}, NOTHING, reason(error))
    return Made(name, files, *backend(name).lacks(variants))


def lowered(rule: type[Rule]) -> list[Variant] | str:
    """The variants of a rule, or why no kernel can be made of it."""
    try:
        return variants_of(rule)
    except UnsupportedError as error:
        return reason(error)


def reason(error: UnsupportedError) -> str:
    """Why something is refused, without the name of the rule, which messages start with."""
    start, colon, rest = str(error).partition(": ")
    return rest if colon and " " not in start else str(error)


def by_class(found: Iterable[tuple[str, Traits, Made]]) -> list[Refusal]:
    """What is not made, of rules by name with their classes and what a backend makes of them: one refusal a class."""
    grouped: dict[tuple[Traits, str, str, str], list[str]] = {}
    for name, traits, result in found:
        if result.lacks:
            grouped.setdefault((traits, result.backend, result.lacks, result.why), []).append(name)
    order = {trait: place for place, trait in enumerate(Trait)}
    keys = sorted(grouped, key=lambda key: ([order[trait] for trait in key[0]], *key[1:]))
    return [Refusal(*key, tuple(grouped[key])) for key in keys]


def refusal_table(refusals: Sequence[Refusal]) -> list[str]:
    """Refusals as aligned lines, with a line of titles; nothing where there are none."""
    if not refusals:
        return []
    rows = [("class", "backend", "not made", "rules", "why")]
    rows += [(words(r.traits), r.backend, r.lacks, str(len(r.rules)), r.why) for r in refusals]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
