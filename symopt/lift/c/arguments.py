"""What the arguments of a C function are, by their types and names: parameter, gradient, states, length, step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.errors import UnsupportedError
from symopt.lang.domain import exact_number
from symopt.lift.c.types import CType, Number, PointerTo, Struct
from symopt.lift.roles import default_of, plain_name

PARAMETERS = ("p", "param", "params", "parameter", "parameters", "w", "weight", "weights", "theta", "data", "x", "var")
GRADIENTS = ("g", "grad", "grads", "gradient", "gradients", "dw", "dx", "dp", "dtheta", "df")
HESSIANS = ("h", "hess", "hessian")
LENGTHS = ("n", "len", "length", "size", "numel", "numelements", "nelements", "nelem", "dim", "num", "total", "count")
STEPS = ("t", "step", "steps", "iter", "iteration", "iterations", "timestep", "stepcount", "stepnum", "count", "epoch")
TENSORS = re.compile(r"(num|n|count|k|nparams|numparams|ntensors|numtensors|tensors|params).*\Z")
ROWS, COLS = ("rows", "nrows", "m", "height", "down"), ("cols", "ncols", "columns", "width", "along")
# What a hyper-parameter is taken to be near that has no usual value.
OTHERWISE = Fraction(1, 2)
PARAMETER, GRADIENT, HESSIAN, ARRAY, NUMBER, COUNTER = "parameter", "gradient", "hessian", "array", "number", "counter"
LENGTH, STEP, HYPER, FIXED, SIZES, TENSOR_COUNT = "length", "step", "hyper", "fixed", "sizes", "tensor count"


@dataclass(frozen=True)
class Argument:
    """A parameter of the function, and what it is for."""

    name: str
    ctype: CType
    role: str


def roles_of_arguments(parameters: Sequence[tuple[str, CType]], fixed: Mapping[str, object]) -> list[Argument]:
    """What each argument is.

    Raises
    ------
    UnsupportedError: there is none for the parameter or for the gradient, or one that has no known meaning.
    """
    roles: dict[str, str] = {name: FIXED for name, _ in parameters if name in fixed}
    _arrays([item for item in parameters if _is_floats(item[1])], roles)
    _integers([item for item in parameters if item[0] not in roles], roles)
    for name, ctype in parameters:
        if name not in roles:
            roles[name] = _other(name, ctype, roles)
    return [Argument(name, ctype, roles[name]) for name, ctype in parameters]


def is_candidate(parameters: Sequence[tuple[str, CType]]) -> bool:
    """Whether a function takes two arrays of floating-point numbers, one of which it may write."""
    arrays = [ctype for _, ctype in parameters if _is_floats(ctype)]
    return len(arrays) >= 2 and any(not ctype.is_const for ctype in arrays if isinstance(ctype, PointerTo))


def typical(name: str) -> Fraction:
    """A usual value of a hyper-parameter, by its name."""
    default = default_of(name)
    return OTHERWISE if default is None else exact_number(default)


def _is_floats(ctype: CType) -> bool:
    return isinstance(ctype, PointerTo) and isinstance(ctype.target, Number) and ctype.target.is_float


def _arrays(arrays: Sequence[tuple[str, CType]], roles: dict[str, str]) -> None:
    const = [name for name, ctype in arrays if isinstance(ctype, PointerTo) and ctype.is_const]
    written = [name for name, _ in arrays if name not in const]
    gradient = _named(GRADIENTS, [name for name, _ in arrays]) or next(iter(const), None) or _like("grad", arrays)
    others = [name for name in written if name != gradient]
    parameter = _named(PARAMETERS, others) or next(iter(others), None)
    if gradient is None or parameter is None:
        raise UnsupportedError("no argument looks like the gradient: a const pointer, or one called grad or g")
    roles[parameter], roles[gradient] = PARAMETER, GRADIENT
    for name, _ in arrays:
        if name not in roles:
            is_hessian = name in const and plain_name(name) in HESSIANS
            roles[name] = HESSIAN if is_hessian else ARRAY


def _like(stem: str, arrays: Sequence[tuple[str, CType]]) -> str | None:
    return next((name for name, _ in arrays if stem in name.lower()), None)


def _named(known: Sequence[str], names: Sequence[str]) -> str | None:
    """The name that is earliest among those known, or that begins or ends with the long ones of them."""
    plain = {plain_name(name): name for name in names}
    for word in known:
        if word in plain:
            return plain[word]
    long = [word for word in known if len(word) > 3]
    return next((plain[p] for word in long for p in plain if p.startswith(word) or p.endswith(word)), None)


def _integers(parameters: Sequence[tuple[str, CType]], roles: dict[str, str]) -> None:
    """The lengths and the step among the integers."""
    numbers = [name for name, ctype in parameters if isinstance(ctype, Number) and not ctype.is_float]
    sizes = [
        name for name, ctype in parameters if _is_integers(ctype) and isinstance(ctype, PointerTo) and ctype.is_const
    ]
    if sizes:
        roles[sizes[0]] = SIZES
        count = next((name for name in numbers if TENSORS.match(plain_name(name))), None)
        if count is None:
            raise UnsupportedError(f"no argument says how many numbers {sizes[0]} has")
        roles[count] = TENSOR_COUNT
    elif (length := _named(LENGTHS, numbers)) is not None:
        roles[length] = LENGTH
    rest = [name for name in numbers if name not in roles]
    floats = [name for name, ctype in parameters if isinstance(ctype, Number) and ctype.is_float]
    step = _named(STEPS, rest) or next((name for name in floats if plain_name(name) in ("t", "iteration")), None)
    if step is not None:
        roles[step] = STEP
    if LENGTH not in roles.values() and SIZES not in roles.values():
        raise UnsupportedError("no argument looks like the number of elements; it is called n, len, size or count")


def _is_integers(ctype: CType) -> bool:
    return isinstance(ctype, PointerTo) and isinstance(ctype.target, Number) and not ctype.target.is_float


def _other(name: str, ctype: CType, roles: Mapping[str, str]) -> str:
    if isinstance(ctype, Number) and ctype.is_float:
        return HYPER
    if _is_integers(ctype) and isinstance(ctype, PointerTo) and not ctype.is_const:
        return COUNTER
    if isinstance(ctype, Struct) or (isinstance(ctype, PointerTo) and isinstance(ctype.target, Struct)):
        return HYPER
    raise UnsupportedError(f"the argument {name} has no known meaning; give its value")
