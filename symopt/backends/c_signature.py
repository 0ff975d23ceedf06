"""Signatures in C: parameters, what is checked before anything is touched, and comments."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from symopt.backends.base import in_comment
from symopt.backends.c_interface import RESTRICT, TENSOR, Argument, sizes_of
from symopt.ir.program import Program
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


def null_check(arguments: Sequence[Argument], program: Program, takes_hyper: bool, works: bool = False) -> Check:
    """The check that no pointer is missing that is used; ``works`` where there is a workspace.

    A state that is one number is used also where the arrays are empty.
    """
    always = ["hyper == NULL"] if takes_hyper else []
    missing: list[str] = []
    for argument in arguments:
        is_always = argument.is_number and not (program.over_model and argument.per_tensor)
        (always if is_always else missing).append(f"{c_name(argument.name)} == NULL")
    if program.over_model:
        missing += [f"{name} == NULL" for name in sizes_of(program)]
        some = "tensors > 0"
    else:
        some = " && ".join(f"{name} > 0" for name in sizes_of(program))
        missing += ["work == NULL"] if works else []
    if missing:
        any_missing = f"{some} && ({' || '.join(missing)})" if len(missing) > 1 else f"{some} && {missing[0]}"
        always.append(f"({any_missing})" if always else any_missing)
    return Check(" || ".join(always), "SYMOPT_NULL_POINTER")


def tensor_check(arguments: Sequence[Argument], program: Program, works: bool = False) -> str:
    """The condition that an array of one tensor of a model is missing, or the workspace; empty where it has none."""
    missing: list[str] = [f"{c_name(a.name)}[{TENSOR}] == NULL" for a in arguments if a.per_tensor and not a.is_number]
    missing += ["work == NULL"] if works else []
    some = " && ".join(f"{name}[{TENSOR}] > 0" for name in sizes_of(program))
    return f"{some} && ({' || '.join(missing)})" if missing else ""


def amount(program: Program) -> str:
    """What a function works on, in words."""
    if program.over_model:
        return "for every tensor of a model"
    return "for a matrix of rows x cols elements, row after row," if program.has_axes else "for n elements"
