"""What a rule declares: hyper-parameters, states and options."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Self, overload

from symopt.errors import DomainError, SpecError
from symopt.lang.domain import Domain, Real

Number = int | float | Fraction

PARAMETER = "p"
GRADIENT = "g"
STEP = "t"
# What a step is given besides: the loss, an estimate of the diagonal of its second derivative, and the
# numbers of rows, columns and elements of the tensor.
LOSS, HESSIAN, ROWS, COLS, SIZE = "loss", "hessian", "rows", "cols", "size"
GIVEN = (LOSS, HESSIAN, ROWS, COLS, SIZE)
BUILT_IN = (PARAMETER, GRADIENT, STEP, *GIVEN)

# Names become identifiers of Python and C and parts of TeX and HTML: plain ASCII, no leading or
# double underscore (C++ reserves both), nothing that needs escaping anywhere.
NAME = re.compile(r"[A-Za-z](_?[A-Za-z0-9])*\Z")
# Keywords of C11 and the type names that the generated headers use.
C_KEYWORDS = frozenset({
    "auto", "bool", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while",
    "size_t", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t", "uint64_t",
})  # fmt: skip


def check_name(name: str, where: str) -> None:
    """Raise ``SpecError``, beginning with ``where``, unless ``name`` can be used in every backend."""
    if not NAME.match(name):
        raise SpecError(f"{where}: the name {name!r} is not letters and digits joined by single underscores")
    language = "C" if name in C_KEYWORDS else "Python" if keyword.iskeyword(name) else None
    if language is not None:
        raise SpecError(f"{where}: the name {name!r} is a keyword of {language}; choose another one")


class Declaration:
    """A class attribute of a rule that knows its own name.

    On an instance of the rule it reads as the value that the instance was configured with; inside
    ``update`` the recorder stands in for the instance and gives a symbol.
    """

    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def check_declared(self, where: str) -> None:
        """Raise ``SpecError``, beginning with ``where``, unless the declaration makes sense by itself."""
        check_name(self.name, where)
        if self.name in BUILT_IN:
            raise SpecError(f"{where}: {', '.join(BUILT_IN)} have a meaning of their own; choose another name")

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Any: ...

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else instance.setting(self)

    def __set__(self, instance: Any, value: Any) -> None:
        raise AttributeError(f"{self.name}: a rule does not change; build another one with {self.name}=...")


@dataclass(eq=False)
class Hyper(Declaration):
    """A hyper-parameter.

    Parameters
    ----------
    default: its value where the user gives none.
    tex: its symbol in equations.
    domain: the values it may take; a value outside is refused by the rule and by its kernels.
    when: the name of the option under which it exists; it always exists where this is ``None``.
    """

    default: Number
    tex: str = ""
    domain: Domain = Real
    when: str | None = None

    def check_declared(self, where: str) -> None:
        """Raise ``SpecError`` unless the name is fit for use and the default lies in the domain."""
        super().check_declared(where)
        if not is_number(self.default):
            raise SpecError(f"{where}: the default {self.default!r} is not a finite number")
        if not isinstance(self.tex, str):
            raise SpecError(f"{where}: the symbol {self.tex!r} is no text; a domain is written domain=...")
        if not isinstance(self.domain, Domain):
            raise SpecError(f"{where}: the domain {self.domain!r} is not a Domain")
        self.check(self.default, where)

    def check(self, value: Number, where: str) -> None:
        """Raise ``DomainError`` unless ``value`` lies in the domain."""
        if value not in self.domain:
            raise DomainError(
                f"{where}: {self.name} = {value} is outside its domain: {self.domain.describe(self.name)}"
            )


@dataclass(eq=False)
class State(Declaration):
    """An array of the parameter's shape that lives from step to step.

    Parameters
    ----------
    init: its value before the first step: a number, the name of a hyper-parameter, or ``"p"`` for
        the parameter itself.
    tex: its symbol in equations.
    when: the name of the option under which it exists.
    """

    init: Number | str = 0
    tex: str = ""
    when: str | None = None

    def check_declared(self, where: str) -> None:
        """Raise ``SpecError`` unless the name is fit for use and the initial value is a number or a name."""
        super().check_declared(where)
        if not isinstance(self.init, str) and not is_number(self.init):
            raise SpecError(f"{where}: the initial value {self.init!r} is neither a finite number nor a name")


@dataclass(eq=False)
class Inner(Declaration):
    """A rule inside a rule, or a part of a chain.

    Inside ``update`` it is called: ``s.p = s.base(g=..., t=...)`` makes a step of the inner rule and
    gives its new parameter. Its hyper-parameters and states become those of the outer rule, under
    their own names where these are free.

    Parameters
    ----------
    default: the rule or part, as a class or configured.
    """

    default: Any

    def check_declared(self, where: str) -> None:
        """Raise ``SpecError`` unless the name is fit for use and a rule or a part is given."""
        super().check_declared(where)
        if not hasattr(self.default, "declarations"):
            raise SpecError(f"{where}: {self.default!r} is neither a rule nor a part")


@dataclass(eq=False)
class Option(Declaration):
    """A choice that is made when the rule is built and decides which statements it has.

    Parameters
    ----------
    default: the choice where the user makes none.
    choices: the values allowed; ``(False, True)`` where the default is a bool.
    needs: an option that must be on where this one is.
    excludes: an option that must be off where this one is on.
    """

    default: bool | int | str
    choices: tuple[bool | int | str, ...] = ()
    needs: str | None = None
    excludes: str | None = None

    def __post_init__(self) -> None:
        if not self.choices and isinstance(self.default, bool):
            self.choices = (False, True)

    def check_declared(self, where: str) -> None:
        """Raise ``SpecError`` unless the name is fit for use and the default is one of the choices."""
        super().check_declared(where)
        if not self.offers(self.default):
            raise SpecError(f"{where}: the default {self.default!r} is none of its choices {self.choices!r}")

    def offers(self, value: Any) -> bool:
        """Whether a value is one of the choices; 1 is not True."""
        return any(value == choice and type(value) is type(choice) for choice in self.choices)


def is_number(value: Any) -> bool:
    """Whether a value is a finite number that a hyper-parameter can have: within the range of a double."""
    is_real = isinstance(value, int | float | Fraction) and not isinstance(value, bool)
    return is_real and abs(value) <= sys.float_info.max
