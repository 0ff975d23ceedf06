"""The types of C that matter here: kinds of numbers, pointers, arrays, structs, and the vectors of intrinsics."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from symopt.errors import UnsupportedError

FLOATS = ("float", "double", "long double")
SIZES: Mapping[str, int] = {"char": 1, "short": 2, "int": 4, "long": 8, "float": 4, "double": 8, "_Bool": 1}
VECTOR = re.compile(r"__symopt_vector_(float|double|int)_(\d+)\Z")
POINTER_SIZE = 8


@dataclass(frozen=True)
class CType:
    """A type of C."""


@dataclass(frozen=True)
class Number(CType):
    """A number; ``name`` without its qualifiers, as in ``unsigned long``."""

    name: str

    @property
    def is_float(self) -> bool:
        """Whether values are floating-point numbers."""
        return self.name in FLOATS

    @property
    def size(self) -> int:
        """Bytes of a value, on a usual machine of 64 bits."""
        return next((size for word, size in SIZES.items() if word in self.name.split()), 4)

    @property
    def is_unsigned(self) -> bool:
        """Whether an integer wraps round below 0."""
        return "unsigned" in self.name


@dataclass(frozen=True)
class Void(CType):
    """No value, or behind a pointer, anything."""


@dataclass(frozen=True)
class PointerTo(CType):
    """A pointer; ``is_const`` where what it points to is not written through it."""

    target: CType
    is_const: bool = False


@dataclass(frozen=True)
class ArrayOf(CType):
    """An array; ``dim`` is the expression of its length, evaluated where it is declared."""

    element: CType
    dim: Any = field(compare=False)


@dataclass(frozen=True)
class Struct(CType):
    """A struct by its name, and the types of its fields in order."""

    name: str
    fields: Mapping[str, CType] = field(compare=False)


@dataclass(frozen=True)
class VectorOf(CType):
    """The vector type of an instruction set."""

    kind: str
    lanes: int


class Types:
    """The types that a file declares by name."""

    def __init__(self, refuse: Callable[[Any, str], UnsupportedError]) -> None:
        self._refuse = refuse
        self._names: dict[str, CType] = {}
        self._structs: dict[str, Struct] = {}

    def declare(self, name: str, node: Any) -> None:
        """Remember what ``typedef`` calls ``name``."""
        self._names[name] = self.of(node)

    def of(self, node: Any) -> CType:
        """The type that a syntax tree stands for."""
        match type(node).__name__:
            case "TypeDecl" | "Typename" | "Decl":
                return self.of(node.type)
            case "PtrDecl":
                return PointerTo(self.of(node.type), "const" in (getattr(node.type, "quals", None) or []))
            case "ArrayDecl":
                return ArrayOf(self.of(node.type), node.dim)
            case "IdentifierType":
                return self._named(node)
            case "Struct":
                return self._struct(node)
            case "Enum":
                return Number("int")
            case "FuncDecl":
                return Void()
        raise self._refuse(node, f"the type {type(node).__name__}")

    def _named(self, node: Any) -> CType:
        words = [name for name in node.names if name not in ("signed", "const", "volatile")]
        if len(words) == 1 and words[0] in self._names:
            return self._names[words[0]]
        if words == ["void"]:
            return Void()
        if {"_Complex", "__int128", "_Float16"} & set(words):
            raise self._refuse(node, f"numbers of type {' '.join(words)}")
        return Number(" ".join(words) or "int")

    def _struct(self, node: Any) -> CType:
        name = node.name or f"struct at {node.coord}"
        vector = VECTOR.match(name)
        if vector:
            return VectorOf(vector[1], int(vector[2]))
        if node.decls is not None:
            fields = {decl.name: self.of(decl.type) for decl in node.decls if decl.name}
            self._structs[name] = Struct(name, fields)
        return self._structs.get(name, Struct(name, {}))


def parameter_type(ctype: CType) -> CType:
    """The type of a parameter: an array is a pointer there."""
    return PointerTo(ctype.element) if isinstance(ctype, ArrayOf) else ctype


def size_of(ctype: CType) -> int | None:
    """Bytes of a value; None where it is not known."""
    match ctype:
        case Number():
            return ctype.size
        case PointerTo():
            return POINTER_SIZE
        case Struct():
            sizes = [size_of(item) for item in ctype.fields.values()]
            return None if None in sizes else sum(size for size in sizes if size is not None)
    return None
