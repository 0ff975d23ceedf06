"""Execution of PyTorch code on real tensors that stand for expressions.

A function mode sees the numbers of Python before they become plain ones, and where tensors become numbers; a
dispatch mode sees every operation of ATen, computes it and what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from math import inf, nextafter
from typing import Any

import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, ref
from symopt.lift.scalars import SymFloat, SymInt, plain, symbolic
from symopt.lift.session import Session
from symopt.lift.torch.elementwise import ELEMENTWISE, with_infinity
from symopt.lift.torch.memory import Memory, Several
from symopt.lift.torch.reductions import REDUCTIONS, of_several
from symopt.lift.whole import Whole, filled, parameter_like
from symopt.passes import build

TABLE: Mapping[str, Callable[..., Any]] = {**ELEMENTWISE, **REDUCTIONS}
# Operations that give another view of the same storage, or that change no values.
VIEWS = frozenset({
    "detach", "alias", "_unsafe_view", "_reshape_alias", "lift_fresh", "lift", "is_same_size", "detach_", "set_",
    "squeeze_", "unsqueeze_", "t_", "transpose_", "requires_grad_", "_has_same_storage_numel", "resize_", "is_pinned",
})  # fmt: skip
# Operations that make a tensor out of numbers.
FACTORIES = frozenset({
    "zeros", "ones", "full", "scalar_tensor", "new_zeros", "new_ones", "new_full", "zeros_like", "ones_like",
    "full_like", "lift_fresh", "_efficientzerotensor",
})  # fmt: skip
EMPTY = frozenset({"empty", "empty_like", "new_empty", "empty_strided", "new_empty_strided"})
SAME = frozenset({"clone", "_to_copy", "contiguous", "_conj", "positive", "nan_to_num", "resolve_conj"})
UNIFORM = frozenset({"rand", "rand_like", "uniform"})
NO_VALUES = frozenset({"dtype", "layout", "device", "pin_memory", "memory_format", "out", "non_blocking", "generator"})
EACH = "_foreach_"
_DIGITS = {torch.bfloat16: 8, torch.float16: 11, torch.float32: 24, torch.float64: 53}


class Dispatch(TorchDispatchMode):  # type: ignore[no-untyped-call]  # PyTorch declares no types here
    """Every operation of ATen: computed, and what it means noted."""

    def __init__(self, session: Session, memory: Memory) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # nor here
        self.session, self.memory = session, memory
        self.error: UnsupportedError | None = None
        self.draws: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Compute an operation and note what its result means."""
        try:
            return self._traced(func, args, kwargs or {})
        except UnsupportedError as error:
            self.error = self.error or error  # also where somebody's code goes on after any exception
            raise

    def _traced(self, func: Any, args: Any, kwargs: Any) -> Any:
        namespace, _, name = func._schema.name.partition("::")
        if namespace == "profiler" or name in ("promote_types", "result_type", "is_same_size", "can_cast"):
            return func(*args, **kwargs)
        self.session.operations[name] = None
        if name == "_local_scalar_dense":
            return self._number(func(*args, **kwargs), args[0])
        if func.is_view or name in VIEWS or name in EMPTY:
            out = func(*args, **kwargs)
            if name == "lift_fresh":
                self.memory.read(out)
            return out
        if name in FACTORIES:
            out = func(*args, **kwargs)
            self.memory.read(out)
            return out
        meaning = self._meaning(func, name, args, kwargs)
        out = func(*args, **kwargs)
        self._note(func, name, meaning, args, kwargs, out)
        return out

    def _meaning(self, func: Any, name: str, args: Any, kwargs: Any) -> Any:
        """What the result stands for: a whole array, or several, or for ``_foreach_`` a list of them."""
        is_each = name.startswith(EACH)
        base = name.removeprefix(EACH)
        base = base[:-1] if base.endswith("_") and not base.endswith("__") else base
        given = [self._read(item.type, value) for item, value in zip(func._schema.arguments, args, strict=False)]
        types = {item.name: item.type for item in func._schema.arguments}
        named = {key: self._read(types[key], value) for key, value in kwargs.items() if key not in NO_VALUES}
        if not is_each:
            return self._apply(name, base, args, given, named)
        number = max(len(value) for value in args if isinstance(value, list | tuple))
        results = []
        for i in range(number):
            picked = [_at(value, i) for value in given]
            results.append(self._apply(name, base, args, picked, {key: _at(value, i) for key, value in named.items()}))
        return results

    def _apply(self, name: str, base: str, args: Any, given: list[Any], named: dict[str, Any]) -> Any:
        if any(isinstance(value, Several) for value in (*given, *named.values())):
            return self._each(name, base, args, given, named)
        if base in SAME:
            return given[0]
        if base == "copy":
            return given[1]
        if base == "zero":
            return filled(build.constant(0), given[0].shape)
        if base == "fill":
            return Whole(given[1].node)
        if base == "index_put":
            return self._masked(args, given)
        if base in UNIFORM:
            return self._draw(args, given[0], base)
        if base == "bernoulli":
            return self._bernoulli(args, given)
        if any(isinstance(value, float) for value in (*given, *named.values())) and base in ELEMENTWISE:
            return with_infinity(base, given, named)
        function = TABLE.get(base)
        if function is None:
            raise UnsupportedError(f"the operation {name} of PyTorch is not lifted")
        return function(*given, **named)

    def _each(self, name: str, base: str, args: Any, given: list[Any], named: dict[str, Any]) -> Any:
        """An operation on a list of numbers: on each by itself, or one of all of them."""
        if base in REDUCTIONS and isinstance(given[0], Several):
            return of_several(base, *given, **named)
        if base not in ELEMENTWISE and base not in SAME and base not in ("copy", "fill", "zero"):
            raise UnsupportedError(f"the operation {name} of PyTorch on a list of numbers")
        number = next(len(v.nodes) for v in (*given, *named.values()) if isinstance(v, Several))
        results = []
        for i in range(number):
            one = self._apply(
                name, base, args, [_one(v, i) for v in given], {key: _one(v, i) for key, v in named.items()}
            )  # fmt: skip
            results.append(one.node)
        return Several(tuple(results))

    def _read(self, kind: Any, value: Any) -> Any:
        """An argument: tensors and numbers as arrays, anything else as it is."""
        if isinstance(value, torch.Tensor):
            return self.memory.read(value)
        if isinstance(value, list | tuple):
            holds_numbers = any(word in str(kind) for word in ("number", "float", "Scalar"))
            if value and (isinstance(value[0], torch.Tensor) or holds_numbers):
                return [self._read(kind, item) for item in value]
            return value
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and any(word in str(kind) for word in ("number", "float", "Scalar", "Tensor")):
            if value in (float("inf"), float("-inf")):
                return value
            return Whole(self.session.number(value))
        return value

    def _masked(self, args: Any, given: list[Any]) -> Whole:
        indices = args[1]
        if len(indices) != 1 or indices[0] is None or indices[0].dtype != torch.bool or args[2].numel() != 1:
            raise UnsupportedError("elements are assigned by their positions")
        if len(args) > 3 and args[3]:
            raise UnsupportedError("elements are accumulated by their positions")
        mask = self.memory.whole(indices[0])
        value = Whole(self.memory.whole(args[2]).node)
        where: Whole = ELEMENTWISE["where"](mask, value, given[0])
        return where

    def _draw(self, args: Any, like: Any, base: str) -> Whole:
        if base == "uniform" and tuple(args[1:]) not in ((), (0.0, 1.0)):
            raise UnsupportedError("random numbers that are not between 0 and 1")
        shape = like.shape if isinstance(like, Whole) else tuple(like)
        name = f"u{len(self.draws) + 1}"
        self.draws.append(name)
        return parameter_like(ref(name), shape)

    def _bernoulli(self, args: Any, given: list[Any]) -> Whole:
        chance = given[1] if len(given) > 1 else given[0]
        if not isinstance(chance, Whole):
            chance = Whole(self.session.number(chance))
        drawn = self._draw((), given[0], "rand")
        return elementwise_value(ELEMENTWISE["lt"](drawn, chance))

    def _note(self, func: Any, name: str, meaning: Any, args: Any, kwargs: Any, out: Any) -> None:
        is_in_place = name.endswith("_") and not name.endswith("__")
        sources = [item for item in (*args, *kwargs.values()) if isinstance(item, torch.Tensor)]
        if name.startswith(EACH):
            targets = args[0] if is_in_place else out
            for i, (target, value) in enumerate(zip(targets, meaning, strict=True)):
                mine = [item[i] for item in args if isinstance(item, list | tuple) and len(item) == len(targets)]
                self._note_casts([item for item in mine if isinstance(item, torch.Tensor)] + sources, target, value)
                self._set(target, value)
            return
        target = kwargs.get("out")
        if target is None:
            target = args[0] if is_in_place else out
        if isinstance(target, tuple | list):
            values = meaning if isinstance(meaning, tuple) else (meaning,) * len(target)
            for item, value in zip(target, values, strict=True):
                if value is None:
                    self.memory.forget(item, f"the positions that {name} finds are read")
                else:
                    self._set(item, value)
        elif isinstance(target, torch.Tensor):
            self._note_casts(sources, target, meaning)
            self._set(target, meaning)

    def _note_casts(self, sources: Sequence[torch.Tensor], target: torch.Tensor, meaning: Whole | Several) -> None:
        """Note that numbers lose digits on the way from some tensors to another; truth values are no numbers."""
        after = target.dtype
        if after is torch.bool or (isinstance(meaning, Whole) and isinstance(meaning.node, Num)):
            return
        for before in {source.dtype for source in sources if source.dtype.is_floating_point} - {after}:
            if not after.is_floating_point:
                raise UnsupportedError(f"numbers are rounded to {_short(after)}")
            if _DIGITS[after] < _DIGITS[before] or len(sources) == 1:
                self.session.casts[f"{_short(before)} to {_short(after)}"] = None

    def _set(self, target: torch.Tensor, value: Whole | Several) -> None:
        kind = build.truth if target.dtype is torch.bool else build.value
        if isinstance(value, Several):
            self.memory.write(target, Several(tuple(map(kind, value.nodes))))
        else:
            self.memory.write(target, value.of(kind(value.node)))

    def _number(self, value: Any, tensor: torch.Tensor) -> Any:
        """A number that C++ takes out of a tensor: it is found again by its value."""
        node = self.memory.whole(tensor).node
        if isinstance(node, Num):
            return value
        if isinstance(value, float):
            taken = plain(symbolic(value, node))
            self.session.note(taken, node)
            return taken
        if isinstance(value, bool):
            return self.session.branch(build.truth(node), value)
        raise UnsupportedError("a whole number is taken out of a tensor and loses what it is")


class Functions(TorchFunctionMode):
    """The functions of PyTorch as Python calls them: symbolic numbers go in, and come out of one-element tensors."""

    def __init__(self, session: Session, memory: Memory) -> None:
        super().__init__()
        self.session, self.memory = session, memory

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call a function with plain numbers, whose meaning is known meanwhile."""
        name = getattr(func, "__name__", "")
        if name in TAKEN_OUT and args and isinstance(args[0], torch.Tensor) and args[0].numel() == 1:
            return self._taken_out(name, args[0])
        if name in ("numpy", "__array__"):
            raise UnsupportedError("a tensor becomes an array of NumPy")
        local: dict[float, Node] = {}
        args = _lowered(args, local, self.session)
        kwargs = _lowered(kwargs or {}, local, self.session)
        if not local:
            return func(*args, **kwargs)
        with self.session.meaning(local):
            return func(*args, **kwargs)

    def _taken_out(self, name: str, tensor: torch.Tensor) -> Any:
        shadow: Any = torch.Tensor.tolist(tensor.detach().reshape(()))
        node = self.memory.whole(tensor).node
        if name in ("__bool__", "is_nonzero") or isinstance(shadow, bool):
            return self.session.branch(build.truth(node), bool(shadow))
        taken = symbolic(shadow, build.value(node))
        if name == "__float__":
            if not isinstance(node, Num):
                self.session.note(float(plain(taken)), node)
            return float(plain(taken))
        if name in ("__int__", "__index__") and isinstance(taken, SymFloat):
            raise UnsupportedError("a number that is computed is rounded to an integer")
        if name == "__index__" and isinstance(taken, SymInt):
            return taken.__index__()
        if name == "__int__":
            return int(plain(taken)) if not isinstance(taken, SymInt) else taken
        return taken


TAKEN_OUT = frozenset({"item", "__float__", "__bool__", "is_nonzero", "__int__", "__index__", "tolist"})


def elementwise_value(array: Whole) -> Whole:
    """Truth values as 1 and 0."""
    return array.of(build.value(array.node))


@contextmanager
def modes(session: Session, memory: Memory) -> Iterator[Dispatch]:
    """Both modes inside the block.

    Raises
    ------
    UnsupportedError: an operation was refused, also where the code went on after it.
    """
    dispatch = Dispatch(session, memory)
    with ExitStack() as stack:
        stack.enter_context(torch.no_grad())
        stack.enter_context(Functions(session, memory))
        stack.enter_context(dispatch)
        yield dispatch
    if dispatch.error is not None:
        raise dispatch.error


def _at(value: Any, position: int) -> Any:
    if isinstance(value, Several):
        return Whole(value.nodes[position])
    return value[position] if isinstance(value, list) else value


def _one(value: Any, position: int) -> Any:
    """One number of a list of them; of an array only where it is one number."""
    if isinstance(value, Several):
        return Whole(value.nodes[position])
    if isinstance(value, Whole):
        if value.axes:
            raise UnsupportedError("a list of numbers is combined with an array")
        return Whole(value.node)
    return value


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _lowered(value: Any, local: dict[float, Node], session: Session) -> Any:
    """Arguments with plain numbers for symbolic ones; what they stand for goes to ``local``."""
    match value:
        case SymFloat() | SymInt():
            number = plain(value)
            while local.setdefault(number, value.node) is not value.node:
                if isinstance(value, SymInt):
                    raise UnsupportedError(f"two numbers in one call are both {number} and not the same")
                number = nextafter(number, inf)  # the maximum of 1 and a norm is 1 for several tensors of a list
            return number
        case dict():
            return {key: _lowered(item, local, session) for key, item in value.items()}
        case list():
            return [_lowered(item, local, session) for item in value]
        case tuple() if type(value) is tuple:
            return tuple(_lowered(item, local, session) for item in value)
    return value
