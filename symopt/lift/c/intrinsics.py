"""Vector intrinsics of SSE, AVX, AVX-512 and NEON, lane by lane, as far as they are exact on real numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num
from symopt.lift.c.arithmetic import compared, larger, logical, selected, smaller
from symopt.lift.c.values import NEGATIVE_ZERO, Pointer, Value, Vector, as_node
from symopt.passes import build
from symopt.passes.fold import FALSE, TRUE

if TYPE_CHECKING:
    from symopt.lift.c.machine import Machine

X86 = re.compile(r"_mm(?P<bits>|256|512)_(?P<op>\w+?)_(?P<kind>ps|pd|ss|sd)\Z")
NEON = re.compile(r"v(?P<op>\w+?)q?_(?P<n>n_)?(?P<kind>f32|f64)\Z")
WIDTH = {"": 128, "256": 256, "512": 512}
APPROXIMATE = re.compile(r"_(rsqrt|rcp)|vrsqrte|vrecpe")
BINARY: Mapping[str, Callable[[Node, Node], Node]] = {
    "add": build.add, "sub": build.sub, "mul": build.mul, "div": build.div, "max": larger, "min": smaller,
}  # fmt: skip
UNARY: Mapping[str, Callable[[Node], Node]] = {
    "sqrt": lambda x: build.apply("sqrt", x), "abs": lambda x: build.apply("abs", x), "neg": build.neg,
    "floor": lambda x: build.apply("floor", x),
}  # fmt: skip
FUSED: Mapping[str, Callable[[Node, Node, Node], Node]] = {
    "fmadd": lambda x, y, z: build.add(build.mul(x, y), z),
    "fmsub": lambda x, y, z: build.sub(build.mul(x, y), z),
    "fnmadd": lambda x, y, z: build.sub(z, build.mul(x, y)),
    "fnmsub": lambda x, y, z: build.sub(build.neg(build.mul(x, y)), z),
}
# The predicates of _mm256_cmp_ps; on real numbers it makes no difference what they do with NaN.
PREDICATES = {0: "eq", 1: "lt", 2: "le", 4: "ne", 5: "ge", 6: "gt"}
PREDICATES |= {8: "eq", 9: "lt", 10: "le", 12: "ne", 13: "ge", 14: "gt"}
COMPARE = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge", "eq": "eq", "neq": "ne", "nlt": "ge", "nle": "gt"}


def intrinsic(machine: Machine, name: str) -> Callable[[list[Value]], Value] | None:
    """An intrinsic by its name; None where the name is of no such kind.

    Raises
    ------
    UnsupportedError: it is one that is approximate, or that is not known.
    """
    if APPROXIMATE.search(name):
        raise UnsupportedError(f"{name} is an approximation and has no exact meaning")
    found = X86.match(name)
    if found is not None:
        lanes = 1 if found["kind"] in ("ss", "sd") else WIDTH[found["bits"]] // (32 if found["kind"] == "ps" else 64)
        kind = "float" if found["kind"][-1] == "s" else "double"
        return partial(_x86, machine, name, found["op"], kind, lanes)
    found = NEON.match(name)
    if found is not None:
        kind, lanes = ("float", 4) if found["kind"] == "f32" else ("double", 2)
        return partial(_neon, machine, name, found["op"], kind, lanes)
    if name.startswith(("_mm_", "_mm256_", "_mm512_")):
        raise UnsupportedError(f"the intrinsic {name} is not known")
    return None


def _x86(machine: Machine, name: str, what: str, kind: str, lanes: int, args: list[Value]) -> Value:
    if what in ("load", "loadu"):
        return _load(machine, args[0], kind, lanes)
    if what in ("store", "storeu", "stream"):
        return _store(machine, args[0], args[1])
    if what in ("set1", "broadcast"):
        value = _element(machine, args[0]) if isinstance(args[0], Pointer) else as_node(args[0])
        return Vector(kind, (value,) * lanes)
    if what in ("setzero", "undefined"):
        return Vector(kind, (num(0),) * lanes)
    if what in ("set", "setr"):
        nodes = tuple(as_node(arg) for arg in args)
        return Vector(kind, nodes if what == "setr" else nodes[::-1])
    if what.startswith("cast"):
        return args[0]
    if what == "cmp":
        if not isinstance(args[2], int) or args[2] % 16 not in PREDICATES:
            raise UnsupportedError("a comparison of an unknown kind")
        return _compare(PREDICATES[args[2] % 16], kind, args)
    if what.startswith("cmp") and what[3:] in COMPARE:
        return _compare(COMPARE[what[3:]], kind, args)
    if what == "blendv":
        return _lanes(kind, lambda a, b, mask: _selected(mask, b, a), args)
    if what in ("and", "or", "xor", "andnot"):
        return _lanes(kind, BITS[what], args[:2])
    return _arithmetic(name, what, kind, args)


def _neon(machine: Machine, name: str, what: str, kind: str, lanes: int, args: list[Value]) -> Value:
    match what:
        case "ld1":
            return _load(machine, args[0], kind, lanes)
        case "st1":
            return _store(machine, args[0], args[1])
        case "dup" | "dupq_n" | "dup_n" | "mov":
            return Vector(kind, (as_node(args[0]),) * lanes)
        case "mla" | "fma":
            return _lanes(kind, lambda a, b, c: build.add(a, build.mul(b, c)), _spread(args, kind, lanes))
        case "mls" | "fms":
            return _lanes(kind, lambda a, b, c: build.sub(a, build.mul(b, c)), _spread(args, kind, lanes))
        case "cgt" | "cge" | "clt" | "cle" | "ceq":
            return _compare(what[1:], kind, args)
        case "bsl":
            return _lanes(kind, _selected, args)
    return _arithmetic(name, what, kind, _spread(args, kind, lanes))


def _spread(args: list[Value], kind: str, lanes: int) -> list[Value]:
    """Numbers among the operands as vectors."""
    return [arg if isinstance(arg, Vector) else Vector(kind, (as_node(arg),) * lanes) for arg in args]


def _arithmetic(name: str, what: str, kind: str, args: list[Value]) -> Value:
    for table, count in ((BINARY, 2), (UNARY, 1), (FUSED, 3)):
        if what in table and len(args) == count:
            return _lanes(kind, table[what], args)
    raise UnsupportedError(f"the intrinsic {name} is not known")


def _lanes(kind: str, function: Callable[..., Node], args: list[Value]) -> Vector:
    vectors = []
    for arg in args:
        if not isinstance(arg, Vector):
            raise UnsupportedError("an operand that is no vector")
        vectors.append(arg.lanes)
    if len({len(lanes) for lanes in vectors}) != 1:
        raise UnsupportedError("vectors of different lengths")
    return Vector(kind, tuple(function(*lanes) for lanes in zip(*vectors, strict=True)))


def _compare(name: str, kind: str, args: list[Value]) -> Vector:
    def condition(a: Node, b: Node) -> Node:
        found = compared(name, a, b)
        return found if isinstance(found, Node) else TRUE if found else FALSE

    return _lanes(kind, condition, args[:2])


def _selected(mask: Node, a: Node, b: Node) -> Node:
    if mask in (TRUE, FALSE):
        return a if mask is TRUE else b
    if not build.is_condition(mask):
        raise UnsupportedError("a selection by what is no comparison")
    return selected(mask, a, b)


def _and(a: Node, b: Node) -> Node:
    """All bits or none of a number; or two conditions at once."""
    if build.is_condition(a) and build.is_condition(b):
        found = logical("&&", _flag(a), _flag(b))
        return found if isinstance(found, Node) else TRUE if found else FALSE
    if build.is_condition(b):
        a, b = b, a
    if not build.is_condition(a):
        raise UnsupportedError("the bits of floating-point numbers")
    return _selected(a, b, num(0))


def _or(a: Node, b: Node) -> Node:
    if build.is_condition(a) and build.is_condition(b):
        found = logical("||", _flag(a), _flag(b))
        return found if isinstance(found, Node) else TRUE if found else FALSE
    raise UnsupportedError("the bits of floating-point numbers")


def _andnot(a: Node, b: Node) -> Node:
    """Without the sign, where the first operand is -0.0; else what a mask leaves out."""
    if a is NEGATIVE_ZERO:
        return build.apply("abs", b)
    if build.is_condition(a):
        return _and(build.negated(a), b)
    raise UnsupportedError("the bits of floating-point numbers")


def _xor(a: Node, b: Node) -> Node:
    if NEGATIVE_ZERO in (a, b):
        return build.neg(b if a is NEGATIVE_ZERO else a)
    raise UnsupportedError("the bits of floating-point numbers")


def _flag(condition: Node) -> int | Node:
    return 1 if condition is TRUE else 0 if condition is FALSE else condition


BITS: Mapping[str, Callable[[Node, Node], Node]] = {"and": _and, "or": _or, "xor": _xor, "andnot": _andnot}


def _load(machine: Machine, pointer: Value, kind: str, lanes: int) -> Vector:
    if not isinstance(pointer, Pointer) or pointer.block is None:
        raise UnsupportedError("a load from what is no array")
    own = getattr(pointer.block.ctype, "name", kind)
    if own != kind:
        raise UnsupportedError(f"a load of {kind} from an array of {own}")
    return Vector(kind, tuple(machine.memory.read(pointer.block, pointer.offset + i) for i in range(lanes)))


def _store(machine: Machine, pointer: Value, vector: Value) -> Value:
    """Write the lanes; the call has no value."""
    if not isinstance(pointer, Pointer) or pointer.block is None or not isinstance(vector, Vector):
        raise UnsupportedError("a store to what is no array")
    if any(build.is_condition(lane) for lane in vector.lanes):
        raise UnsupportedError("a mask that is stored as numbers")
    for i, lane in enumerate(vector.lanes):
        machine.memory.write(pointer.block, pointer.offset + i, lane)
    return None


def _element(machine: Machine, pointer: Pointer) -> Node:
    assert pointer.block is not None
    return as_node(machine.memory.read(pointer.block, pointer.offset))
