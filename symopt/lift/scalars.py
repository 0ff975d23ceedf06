"""Numbers that carry an expression: subclasses of float and int, so that code takes them for what it expects.

Arithmetic gives such numbers again. A comparison gives a plain truth value, and the branch is recorded. Tensors
and arrays are left to their own operators.
"""

from __future__ import annotations

import builtins
import math
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType, ModuleType
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num, op
from symopt.lift.session import current
from symopt.passes import build

NAN = float("nan")
Number = int | float


def floor_division(a: Node, b: Node) -> Node:
    """``a // b``."""
    return build.apply("floor", build.div(a, b))


def remainder(a: Node, b: Node) -> Node:
    """``a % b`` as Python has it."""
    return build.sub(a, build.mul(b, floor_division(a, b)))


BINARY: Mapping[str, tuple[Callable[[Any, Any], Any], Callable[[Node, Node], Node]]] = {
    "add": (operator.add, build.add),
    "sub": (operator.sub, build.sub),
    "mul": (operator.mul, build.mul),
    "truediv": (operator.truediv, build.div),
    "pow": (operator.pow, build.power),
    "floordiv": (operator.floordiv, floor_division),
    "mod": (operator.mod, remainder),
}
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def plain(value: Any) -> Any:
    """A number without its expression; anything else as it is."""
    if isinstance(value, SymInt):
        return int(float.__float__(value))
    return float.__float__(value) if isinstance(value, SymFloat) else value


def symbolic(shadow: Number, node: Node) -> Number:
    """A number that stands for an expression; where that is a constant, the constant."""
    if isinstance(node, Num):
        if isinstance(shadow, int) and node.value.denominator == 1:
            return int(node.value)
        return float(node.value)
    if isinstance(shadow, complex):
        raise UnsupportedError("a complex number comes up")
    if isinstance(shadow, int):
        return SymInt(shadow, node)
    if not math.isfinite(shadow):
        # On a way that the shadows themselves do not take; any number will do, and this one can be found again.
        shadow = current().random.uniform(0.3, 0.9)
    current().note(shadow, node)
    return SymFloat(shadow, node)


class _Symbolic:
    """The arithmetic that both kinds of number share."""

    node: Node

    def __hash__(self) -> int:
        return hash(plain(self))

    def __bool__(self) -> bool:
        return current().branch(build.compare("ne", self.node, num(0)), bool(plain(self)))

    def __neg__(self) -> Any:
        return symbolic(-plain(self), build.neg(self.node))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return symbolic(abs(plain(self)), build.apply("abs", self.node))

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self

    def __reduce__(self) -> Any:
        raise UnsupportedError("a hyper-parameter is pickled")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from symopt.lift.numpy.functions import scalar_function  # code without NumPy's functions needs none of it

        return scalar_function(ufunc, method, inputs, kwargs)

    def __floor__(self) -> Any:
        return symbolic(math.floor(plain(self)), build.apply("floor", self.node))


class SymFloat(_Symbolic, float):
    """A float that stands for an expression."""

    node: Node

    def __new__(cls, shadow: float, node: Node) -> SymFloat:
        made = float.__new__(cls, shadow)
        made.node = node
        return made

    def __float__(self) -> float:
        return float.__float__(self)  # recovered by its value

    def __int__(self) -> int:
        raise UnsupportedError("a hyper-parameter is rounded to an integer")

    def __round__(self, digits: Any = None) -> Any:
        raise UnsupportedError("a hyper-parameter is rounded")


class SymInt(_Symbolic, float):
    """A whole number that stands for an expression, most often the number of the step.

    It is a float, since Python would take an int on the right of a plain float, as in ``0.9 ** step``, for a number.
    """

    node: Node

    def __new__(cls, shadow: int, node: Node) -> SymInt:
        made = float.__new__(cls, shadow)
        made.node = node
        return made

    def __index__(self) -> int:
        raise UnsupportedError("a number that changes from step to step is used as an index or a length")

    def __int__(self) -> Any:
        return self

    def __float__(self) -> float:
        raise UnsupportedError("float(...) of a step counter loses what it is")


def _operator(name: str, *, is_reflected: bool) -> Callable[[Any, Any], Any]:
    compute, express = BINARY[name]

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        a, b = (other, self) if is_reflected else (self, other)
        nodes = current().number(a), current().number(b)
        try:
            shadow = compute(plain(a), plain(b))
        except (ZeroDivisionError, OverflowError):
            shadow = NAN
        return symbolic(NAN if isinstance(shadow, complex) else shadow, express(*nodes))

    return method


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    compute = getattr(operator, name)

    def method(self: Any, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        if not math.isfinite(plain(other)):  # every number is finite, so nothing depends on it
            return bool(compute(plain(self), other))
        condition = build.compare(name, current().number(self), current().number(other))
        return current().branch(condition, bool(compute(plain(self), plain(other))))

    return method


for _name in BINARY:
    setattr(_Symbolic, f"__{_name}__", _operator(_name, is_reflected=False))
    setattr(_Symbolic, f"__r{_name}__", _operator(_name, is_reflected=True))
for _name in COMPARISONS:
    setattr(_Symbolic, f"__{_name}__", _comparison(_name))


def _of_math(name: str, express: Callable[[Node], Node]) -> Callable[..., Any]:
    original = getattr(math, name)

    def function(x: Any, *rest: Any) -> Any:
        x = _taken_out(x)
        if rest or not isinstance(x, _Symbolic):
            return original(x, *rest)
        try:
            shadow = original(plain(x))
        except (ValueError, OverflowError):
            shadow = NAN
        return symbolic(shadow, express(x.node))

    return function


def _taken_out(x: Any) -> Any:
    """The number in a tensor of one element, which ``math`` would take out without its expression."""
    return x.item() if hasattr(x, "item") and not isinstance(x, int | float) else x


def _pow(a: Any, b: Any) -> Any:
    a, b = _taken_out(a), _taken_out(b)
    return a**b if isinstance(a, _Symbolic) or isinstance(b, _Symbolic) else _ORIGINAL_POW(a, b)


def _extreme(name: str) -> Callable[..., Any]:
    """``max`` or ``min`` of Python, which give an expression instead of a branch where two numbers are symbolic."""
    original = getattr(builtins, name)

    def function(*args: Any, **options: Any) -> Any:
        items = tuple(args[0]) if len(args) == 1 and isinstance(args[0], list | tuple) else args
        is_plain = not any(isinstance(item, _Symbolic) for item in items)
        if options or is_plain or not all(isinstance(item, int | float) for item in items):
            return original(*args, **options)
        node = current().number(items[0])
        for item in items[1:]:
            node = build.apply(name, node, current().number(item))
        return symbolic(original(map(plain, items)), node)

    return function


_ORIGINAL_POW = math.pow
# Names that a module has without importing them.
BUILTINS: Mapping[str, Callable[..., Any]] = {name: _extreme(name) for name in ("max", "min")}
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "sqrt": _of_math("sqrt", lambda x: build.apply("sqrt", x)),
    "exp": _of_math("exp", lambda x: build.apply("exp", x)),
    "log": _of_math("log", lambda x: build.apply("log", x)),
    "log1p": _of_math("log1p", lambda x: build.apply("log", build.add(num(1), x))),
    "expm1": _of_math("expm1", lambda x: build.sub(build.apply("exp", x), num(1))),
    "cos": _of_math("cos", lambda x: op("cos", x)),
    "fabs": _of_math("fabs", lambda x: build.apply("abs", x)),
    "tanh": _of_math("tanh", build.tanh),
    "pow": _pow,
}
_REPLACED = {id(getattr(math, name)): function for name, function in FUNCTIONS.items()}


class _LikeType(type):
    """The type of what stands for ``float`` or ``int``: their instances are its instances."""

    original: type

    def __instancecheck__(cls, instance: object) -> bool:
        if isinstance(instance, SymInt):
            return cls.original is int
        return isinstance(instance, cls.original)

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls.original)

    def __eq__(cls, other: object) -> bool:
        return other is cls.original or other is cls

    def __hash__(cls) -> int:
        return hash(cls.original)


class KeptFloat(float, metaclass=_LikeType):
    """``float``, but a symbolic number stays one, also where it comes out of a tensor."""

    original = float

    def __new__(cls, x: Any = 0.0) -> Any:
        """The number."""
        x = _taken_out(x)
        if isinstance(x, SymFloat):
            return x
        return symbolic(float(plain(x)), x.node) if isinstance(x, SymInt) else float(x)


class KeptInt(int, metaclass=_LikeType):
    """``int``, but a symbolic whole number stays one, also where it comes out of a tensor."""

    original = int

    def __new__(cls, x: Any = 0, *base: Any) -> Any:
        """The number."""
        x = _taken_out(x)
        return x if isinstance(x, SymInt) else int(x, *base)


CONVERSIONS: Mapping[str, Callable[..., Any]] = {"float": KeptFloat, "int": KeptInt}


@contextmanager
def patched_math(
    package: str | None = None, *, conversions: bool = False, also: Mapping[int, Any] = MappingProxyType({})
) -> Iterator[None]:
    """Make the functions of ``math`` keep expressions inside the block, also where a package has imported them.

    In the modules of the package ``max`` and ``min`` do so too, and with ``conversions`` also ``float`` and ``int``.
    ``also`` is what else is replaced there, by its identity.
    """
    replaced = {**_REPLACED, **also}
    modules = _modules(package)
    namespaces = [math.__dict__, *(module.__dict__ for module in modules)]
    new = {**BUILTINS, **CONVERSIONS} if conversions else BUILTINS
    added = [(module.__dict__, name) for module in modules for name in new if name not in module.__dict__]
    for names, name in added:
        names[name] = new[name]
    changed = [
        (names, name, item, replaced[id(item)])
        for names in namespaces for name, item in list(names.items()) if id(item) in replaced
    ]  # fmt: skip
    for names, name, _, function in changed:
        names[name] = function
    try:
        yield
    finally:
        for names, name, item, _ in changed:
            names[name] = item
        for names, name in added:
            del names[name]


def _modules(package: str | None) -> list[ModuleType]:
    if package is None:
        return []
    return [
        module for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and (name == package or name.startswith(package + "."))
    ]  # fmt: skip
