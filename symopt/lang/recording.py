"""What a recorder keeps of a rule, and how it reads a rule's text."""

from __future__ import annotations

import dis
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from symopt.errors import SpecError
from symopt.lang.compose import Part
from symopt.lang.declare import BUILT_IN, Hyper, State
from symopt.lang.place import Place
from symopt.lang.rule import Declared, Rule


@dataclass(frozen=True)
class Statement:
    """``symbol := value``; ``target`` is the name that the rule's author assigned, as the recording has it."""

    target: str
    symbol: sp.Symbol
    value: sp.Basic
    place: Place


@dataclass(frozen=True)
class Query:
    """The gradient called ``name`` is asked for at ``point``."""

    name: str
    point: sp.Basic


@dataclass(frozen=True)
class Recording:
    """What a rule states under its options: declarations that exist, statements, gradients asked for.

    ``scheduled`` maps a hyper-parameter that follows a schedule to the statement that gives its
    value at step ``t``; ``fixed`` has the values of those that are fixed, ``given`` the names of what a
    step is given besides gradients, and ``draws`` those of the random arrays.
    """

    rule: Rule
    hypers: dict[str, Hyper] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    statements: list[Statement] = field(default_factory=list)
    queries: list[Query] = field(default_factory=list)
    scheduled: dict[str, str] = field(default_factory=dict)
    fixed: dict[str, int | float | Fraction] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    draws: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Asked:
    """A gradient that was asked for and has no name yet."""

    point: sp.Basic


def sympified(value: Any, where: str) -> sp.Basic:
    """A value that a rule's text gives, as an expression; raises ``SpecError`` where it is none."""
    needed = "an expression in the names of the rule is needed"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise SpecError(f"{where} is given {value!r}; {needed}")
    try:
        expression = sp.sympify(value, strict=True)
    except sp.SympifyError:
        expression = None
    if not isinstance(expression, sp.Expr | Boolean):
        raise SpecError(f"{where} is given a {type(value).__name__}; {needed}")
    if expression.has(sp.I, sp.oo, -sp.oo, sp.zoo, sp.nan):
        raise SpecError(f"{where} is given {expression}, which is no real number")
    return expression


def text_of(rule: Declared) -> Any:
    """The method that states what a rule or a part does."""
    return type(rule).direction if isinstance(rule, Part) else getattr(type(rule), "update", None)


def assigned_names(rule: Declared) -> list[str]:
    """The names that a rule's text assigns anywhere, in order."""
    function = text_of(rule)
    stores = [step.argval for step in dis.get_instructions(function) if step.opname == "STORE_ATTR"]
    return [name for name in dict.fromkeys(stores) if name not in BUILT_IN]


def place_of(function: Any) -> Place:
    """The line at which a function is defined."""
    return Place(function.__code__.co_filename, function.__code__.co_firstlineno)
