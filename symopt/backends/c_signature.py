"""Signatures in C: parameters, what is checked before anything is touched, and comments."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from symopt.backends.base import in_comment
from symopt.backends.c_interface import RESTRICT, TENSOR, Argument, at_tensor, sizes_of
from symopt.ir.program import Program
from symopt.ir.shape import ELEMENT, Axis
from symopt.printers.c import CType, c_name

WIDTH = 110


@dataclass(frozen=True)
class Check:
    """A condition under which a function returns ``status`` before it touches anything."""

    condition: str
    status: str


def comment(text: str) -> list[str]:
    """Text as lines of a block comment, each after its star; nothing in it can end the comment."""
    return [f" {line}" for line in textwrap.wrap(in_comment(text), WIDTH, break_long_words=False)]


def pointer(argument: Argument, ctype: CType, program: Program) -> str:
    """A pointer as a parameter."""
    kind = "double" if argument.is_number else ctype.name
    constant = "" if argument.written else "const "
    if program.over_model and argument.per_tensor and not argument.is_number:
        return f"{constant}{kind} *const *{c_name(argument.name)}"
    return f"{constant}{kind} *{RESTRICT} {c_name(argument.name)}"


def sizes(program: Program) -> list[str]:
    """The parameters that say how large the tensors are."""
    if program.over_model:
        return ["size_t tensors", *(f"const size_t *{name}" for name in sizes_of(program))]
    return [f"size_t {name}" for name in sizes_of(program)]


def null_check(
    arguments: Sequence[Argument], program: Program, takes_hyper: bool, works: bool = False, is_init: bool = False
) -> Check:
    """The check that no pointer is missing that is used; ``works`` where there is a workspace.

    A state that is one number is used also where the arrays are empty, and an init function fills rows
    and columns of values also where the parameter has no element.
    """
    always = ["hyper == NULL"] if takes_hyper else []
    missing: list[tuple[str, str]] = []
    for argument in arguments:
        text = f"{c_name(argument.name)} == NULL"
        if argument.is_number and not (program.over_model and argument.per_tensor):
            always.append(text)
        else:
            missing.append(("tensors > 0" if program.over_model else _used(argument, program, is_init), text))
    if program.over_model:
        missing += [("tensors > 0", f"{name} == NULL") for name in sizes_of(program)]
    elif works:
        missing.append((_used(None, program), "work == NULL"))
    conditions = _joined(missing)
    brackets = bool(always) or len(conditions) > 1
    return Check(" || ".join([*always, *(f"({x})" if brackets else x for x in conditions)]), "SYMOPT_NULL_POINTER")


def tensor_check(
    arguments: Sequence[Argument], program: Program, works: bool = False, is_init: bool = False
) -> str:  # fmt: skip
    """The condition that an array of one tensor of a model is missing, or the workspace; empty where it has none."""
    missing = [
        (_used(argument, program, is_init), f"{c_name(argument.name)}[{TENSOR}] == NULL")
        for argument in arguments
        if argument.per_tensor and not argument.is_number
    ]
    missing += [(_used(None, program), "work == NULL")] if works else []
    conditions = _joined(missing)
    return " || ".join(f"({x})" if len(conditions) > 1 else x for x in conditions)


def _used(argument: Argument | None, program: Program, is_init: bool = False) -> str:
    """The condition that a tensor has elements, or where ``is_init`` that one of its arrays has."""
    names = sizes_of(program)
    if argument is not None and is_init and program.has_axes:
        shape = program.shapes.get(argument.name, ELEMENT)
        own = {Axis.ONE: (), Axis.ROWS: names[:1], Axis.COLS: names[1:], Axis.SHORT: names, Axis.LONG: names}
        names = tuple(dict.fromkeys((*own[shape.down], *own[shape.along])))
    return " && ".join(f"{at_tensor(name, program)} > 0" for name in names)


def _joined(missing: Sequence[tuple[str, str]]) -> list[str]:
    """Conditions under which something is used and missing: one for all that is used under the same condition."""
    groups: dict[str, list[str]] = {}
    for used, text in missing:
        groups.setdefault(used, []).append(text)
    return [f"{used} && ({' || '.join(t)})" if len(t) > 1 else f"{used} && {t[0]}" for used, t in groups.items()]


def amount(program: Program) -> str:
    """What a function works on, in words."""
    if program.over_model:
        return "for every tensor of a model"
    return "for a matrix of rows x cols elements, row after row," if program.has_axes else "for n elements"
