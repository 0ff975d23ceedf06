"""What a jaxpr computes, on arrays that carry expressions."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np

from symopt._paths import PACKAGE
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num
from symopt.lift.jax import infinite, tables
from symopt.lift.jax.elementwise import LOGIC, OPERATIONS, UNCHANGED, truncated
from symopt.lift.jax.products import product
from symopt.lift.jax.tables import Table, Value, value_of, whole
from symopt.lift.session import Session
from symopt.lift.whole import Whole, elementwise, filled, permuted, reduced, reshaped
from symopt.passes import build
from symopt.passes.fold import FALSE, TRUE

MOST_TURNS = 100
STANDARD_LIBRARY = sysconfig.get_path("stdlib")
NO_OVERFLOW = "no counter of steps overflows"
FINITE = "all numbers are finite"
RANDOM = "random numbers are drawn, which is not lifted"
# What it is of an array, and of two elements.
REDUCTIONS: Mapping[str, tuple[str, Callable[[Node, Node], Node]]] = {
    "reduce_sum": ("sum", build.add),
    "reduce_max": ("amax", partial(build.apply, "max")),
    "reduce_min": ("amin", partial(build.apply, "min")),
}
# Primitives that run a jaxpr as it is -> where they keep it.
CALLS: Mapping[str, str] = {
    "jit": "jaxpr", "pjit": "jaxpr", "closed_call": "call_jaxpr", "core_call": "call_jaxpr", "remat2": "jaxpr",
    "checkpoint": "jaxpr", "remat": "jaxpr", "custom_jvp_call": "call_jaxpr", "custom_vjp_call": "call_jaxpr",
    "custom_vjp_call_jaxpr": "fun_jaxpr", "run_state": "jaxpr",
}  # fmt: skip


class Interpreter:
    """Runs jaxprs in one session."""

    def __init__(self, session: Session) -> None:
        self.session = session
        # A sum -> the number of elements that it is over, and their mean.
        self._means: dict[Node, tuple[int, Node]] = {}
        self._within: list[Any] = []  # the equations that are being computed, the outermost first
        self._structural: Mapping[str, Callable[[Any, list[Value]], list[Value]]] = {
            "integer_pow": self._integer_pow, "select_n": self._select, "convert_element_type": self._converted,
            "reduce_precision": self._converted, "is_finite": self._is_finite, "div": self._quotient,
            "broadcast_in_dim": _broadcast, "reshape": self._reshaped, "squeeze": self._reshaped,
            "expand_dims": self._reshaped, "transpose": _transposed, "dot_general": _dot_general,
            "reduce_and": _all, "reduce_or": _any, "cond": self._cond, "scan": self._scan, "while": self._while,
            "slice": _slice, "dynamic_slice": _dynamic_slice, "concatenate": _concatenated,
            "stack": _stacked,
        }  # fmt: skip

    def run(self, closed: Any, inputs: Sequence[Value]) -> list[Value]:
        """The outputs of a closed jaxpr.

        Raises
        ------
        UnsupportedError: an operation that is not lifted; the message names it and where it is in the source.
        """
        jaxpr = getattr(closed, "jaxpr", closed)
        known: dict[Any, Value] = {}
        for variable, constant in zip(jaxpr.constvars, getattr(closed, "consts", ()), strict=True):
            known[variable] = self._constant(constant)
        known.update(zip(jaxpr.invars, inputs, strict=True))
        for equation in jaxpr.eqns:
            read = [self._read(atom, known) for atom in equation.invars]
            known.update(zip(equation.outvars, self._applied(equation, read), strict=True))
        return [self._read(atom, known) for atom in jaxpr.outvars]

    def _read(self, atom: Any, known: Mapping[Any, Value]) -> Value:
        return self._constant(atom.val) if hasattr(atom, "val") else known[atom]

    def _constant(self, value: Any) -> Value:
        """A constant of the code, by what its numbers stand for."""
        array = np.asarray(value)
        if array.size == 0:
            return filled(num(0), array.shape)
        elements = array.reshape(-1)
        if (elements == elements[0]).all() or array.size == 1:
            return filled(self._number(elements[0]), array.shape)
        if array.size > tables.MOST_ELEMENTS:
            raise UnsupportedError(f"a constant array of {array.size} elements that are not the same")
        nodes = np.empty(array.shape, dtype=object)
        for index in np.ndindex(array.shape):
            nodes[index] = self._number(array[index])
        return value_of(nodes)

    def _number(self, value: Any) -> Node:
        exact = value.item()
        special = infinite.special(exact)
        if special is not None:
            return special
        found = self.session.number(exact)
        if isinstance(found, Num) and isinstance(exact, float) and value.dtype.itemsize < 8:
            return num(Fraction(str(value)))  # as it is written in the source: 0.1 and not its rounded value
        return found

    def _applied(self, equation: Any, inputs: list[Value]) -> list[Value]:
        self._within.append(equation)
        try:
            return self._computed(equation.primitive.name, equation, inputs)
        except UnsupportedError as error:
            if isinstance(error, _PlacedError):
                raise
            where = next(filter(None, map(place, reversed(self._within))), "")
            raise _PlacedError(f"{where}{equation.primitive.name}: {error}") from error
        finally:
            self._within.pop()

    def _computed(self, name: str, equation: Any, inputs: list[Value]) -> list[Value]:
        if name in CALLS:
            return self.run(equation.params[CALLS[name]], inputs)
        self.session.operations[name] = None
        if name in self._structural:
            return self._structural[name](equation, inputs)
        if name in REDUCTIONS:
            return [self._reduced(name, inputs[0], equation.params["axes"])]
        if name in UNCHANGED:
            return inputs
        if name in LOGIC and equation.invars[0].aval.dtype.kind == "b":
            return [_elementwise(LOGIC[name], inputs)]
        if name in OPERATIONS:
            below = self._is_below_largest(name, equation, inputs)
            return [below or _elementwise(self._of_finite_numbers(name), inputs)]
        raise UnsupportedError(RANDOM if name.startswith(("random_", "threefry")) else "this operation is not lifted")

    def _is_below_largest(self, name: str, equation: Any, inputs: list[Value]) -> Value | None:
        """Whether a counter is below the largest number of its type: assumed. None where nothing like it is asked."""
        if name not in ("lt", "le") or not isinstance(inputs[1], Whole) or not isinstance(inputs[1].node, Num):
            return None
        dtype = equation.invars[1].aval.dtype
        if dtype.kind not in "iuf":
            return None
        largest = float(np.finfo(dtype).max) if dtype.kind == "f" else int(np.iinfo(dtype).max)
        if inputs[1].node is not build.constant(largest):
            return None
        self.session.assumptions[NO_OVERFLOW] = None
        return filled(TRUE, equation.outvars[0].aval.shape)

    def _of_finite_numbers(self, name: str) -> Callable[..., Node]:
        """An operation; what it comes to with an infinity is known where all other numbers are finite."""

        def operation(*args: Node) -> Node:
            known = infinite.settled(name, args)
            if known is None:
                return OPERATIONS[name](*args)
            self.session.assumptions[FINITE] = None
            return known

        return operation

    def _is_finite(self, equation: Any, inputs: list[Value]) -> list[Value]:
        self.session.assumptions[FINITE] = None
        return [filled(TRUE, equation.outvars[0].aval.shape)]

    def _integer_pow(self, equation: Any, inputs: list[Value]) -> list[Value]:
        exponent = num(equation.params["y"])
        return [_elementwise(lambda x: build.power(x, exponent), inputs)]

    def _select(self, equation: Any, inputs: list[Value]) -> list[Value]:
        which, *cases = inputs
        return [_elementwise(_chosen, [which, *cases])]

    def _converted(self, equation: Any, inputs: list[Value]) -> list[Value]:
        old, new = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
        if new.kind == "c":
            raise UnsupportedError("complex numbers")
        if new.kind != "b" and new.itemsize < 8 and (new.kind, old.kind) != ("i", "b") and new.kind not in "iu":
            self.session.casts[f"{old} to {new}"] = None
        if new.kind == "b":
            return [_elementwise(build.truth, inputs)]
        if old.kind == "b":
            return [_elementwise(build.value, inputs)]
        return [_elementwise(truncated, inputs)] if new.kind in "iu" and old.kind not in "iu" else inputs

    def _quotient(self, equation: Any, inputs: list[Value]) -> list[Value]:
        """A division; of a sum by the number of its elements it is their mean, of whole numbers it is cut off."""
        if equation.outvars[0].aval.dtype.kind in "iu":
            return [_elementwise(lambda a, b: truncated(build.div(a, b)), inputs)]

        def divided(a: Node, b: Node) -> Node:
            count, mean = self._means.get(a, (0, a))
            return mean if count and b is num(count) else build.div(a, b)

        return [_elementwise(divided, inputs)]

    def _reduced(self, primitive: str, array: Value, axes: Sequence[int]) -> Value:
        name, combine = REDUCTIONS[primitive]
        if isinstance(array, Table):
            return tables.reduced(combine, array, axes)
        result = reduced(name, array, axes)
        count = array.size // max(result.size, 1)
        if name == "sum" and count > 1:
            self._means[result.node] = (count, reduced("mean", array, axes).node)
        return result

    def _reshaped(self, equation: Any, inputs: list[Value]) -> list[Value]:
        (value,), shape = inputs[:1], equation.outvars[0].aval.shape
        if isinstance(value, Table):
            return [value_of(value.nodes.reshape(shape))]
        return [reshaped(value, shape, self.session.matrix)]

    def _cond(self, equation: Any, inputs: list[Value]) -> list[Value]:
        """A choice of branches; all are run, unless it is known which."""
        index, branches = whole(inputs[0]), equation.params["branches"]
        if isinstance(index.node, Num):
            return self.run(branches[min(max(int(index.node.value), 0), len(branches) - 1)], inputs[1:])
        results = [self.run(branch, inputs[1:]) for branch in branches]
        return [_elementwise(_chosen, [index, *cases]) for cases in zip(*results, strict=True)]

    def _scan(self, equation: Any, inputs: list[Value]) -> list[Value]:
        """A loop of known length, turn by turn."""
        params = equation.params
        length, constants, carried = params["length"], params["num_consts"], params["num_carry"]
        fixed, carry, rows = inputs[:constants], inputs[constants:][:carried], inputs[constants + carried :]
        if length > MOST_TURNS:
            raise UnsupportedError(f"a loop of {length} turns")
        stacked: list[list[Value]] = []
        turns = range(length - 1, -1, -1) if params["reverse"] else range(length)
        for turn in turns:
            out = self.run(params["jaxpr"], [*fixed, *carry, *(_row(value, turn) for value in rows)])
            carry = out[:carried]
            stacked.append(out[carried:])
        if params["reverse"]:
            stacked.reverse()
        return [*carry, *(_stack(items) for items in zip(*stacked, strict=True))]

    def _while(self, equation: Any, inputs: list[Value]) -> list[Value]:
        """A loop whose end is known at each turn."""
        params = equation.params
        of_test, of_body = params["cond_nconsts"], params["body_nconsts"]
        test, body, carry = inputs[:of_test], inputs[of_test:][:of_body], inputs[of_test + of_body :]
        for _ in range(MOST_TURNS):
            goes_on = whole(self.run(params["cond_jaxpr"], [*test, *carry])[0]).node
            if goes_on is FALSE:
                return carry
            if goes_on is not TRUE:
                raise UnsupportedError("a loop whose end depends on data")
            carry = self.run(params["body_jaxpr"], [*body, *carry])
        raise UnsupportedError(f"a loop of more than {MOST_TURNS} turns")


class _PlacedError(UnsupportedError):
    """An operation that is not lifted, with its place in the source."""


def place(equation: Any) -> str:
    """``file:line: `` of the code that an equation is from, its user's before a library's; empty where not known."""
    traceback = getattr(equation.source_info, "traceback", None)
    inside = takewhile(
        lambda frame: not frame.file_name.startswith(str(PACKAGE)), traceback.frames if traceback is not None else ()
    )
    frames = [frame for frame in inside if not {"jax", "jaxlib"} & set(Path(frame.file_name).parts)]
    own = [frame for frame in frames if not _is_library(frame.file_name)] or frames
    return f"{own[0].file_name}:{own[0].line_num}: " if own else ""


def _is_library(file_name: str) -> bool:
    return "site-packages" in Path(file_name).parts or file_name.startswith((STANDARD_LIBRARY, "<"))


def _elementwise(function: Callable[..., Node], values: Sequence[Value]) -> Value:
    if any(isinstance(value, Table) for value in values):
        return tables.elementwise(function, values)
    return elementwise(function, *(whole(value) for value in values))


def _chosen(which: Node, *cases: Node) -> Node:
    """The case of a number, counted from 0; a truth value counts as 0 or 1."""
    if len(cases) == 1:
        return cases[0]
    if all(map(build.is_condition, cases)):
        return build.truth(_chosen(which, *map(build.value, cases)))
    if len(cases) == 2:
        return build.where(build.truth(which), cases[1], cases[0])
    is_first = build.compare("le", which, num(0))
    return build.where(is_first, cases[0], _chosen(build.sub(which, num(1)), *cases[1:]))


def _broadcast(equation: Any, inputs: list[Value]) -> list[Value]:
    shape, dims = equation.params["shape"], equation.params["broadcast_dimensions"]
    value = inputs[0]
    if isinstance(value, Table):
        placed = [1] * len(shape)
        for dim, extent in zip(dims, value.shape, strict=True):
            placed[dim] = extent
        return [value_of(np.broadcast_to(value.nodes.reshape(placed), shape))]
    labels = dict(zip(dims, value.labels, strict=True))
    return [Whole(value.node, tuple(shape), tuple(labels.get(i) for i in range(len(shape))))]


def _transposed(equation: Any, inputs: list[Value]) -> list[Value]:
    order, value = equation.params["permutation"], inputs[0]
    if isinstance(value, Table):
        return [value_of(value.nodes.transpose(order))]
    return [permuted(value, order)]


def _dot_general(equation: Any, inputs: list[Value]) -> list[Value]:
    return [product(whole(inputs[0]), whole(inputs[1]), equation.params["dimension_numbers"])]


def _all(equation: Any, inputs: list[Value]) -> list[Value]:
    least = reduced("amin", whole(inputs[0]), equation.params["axes"])
    return [elementwise(build.truth, least)]


def _any(equation: Any, inputs: list[Value]) -> list[Value]:
    largest = reduced("amax", whole(inputs[0]), equation.params["axes"])
    return [elementwise(build.truth, largest)]


def _slice(equation: Any, inputs: list[Value]) -> list[Value]:
    params = equation.params
    starts, limits = params["start_indices"], params["limit_indices"]
    steps = params["strides"] or (1,) * len(starts)
    return [_part(inputs[0], [slice(*item) for item in zip(starts, limits, steps, strict=True)])]


def _dynamic_slice(equation: Any, inputs: list[Value]) -> list[Value]:
    value, *starts = inputs
    sizes = equation.params["slice_sizes"]
    taken = []
    for extent, size, start in zip(value.shape, sizes, map(whole, starts), strict=True):
        if extent == size:
            taken.append(slice(0, extent))
        elif isinstance(start.node, Num):
            first = min(max(int(start.node.value), 0), extent - size)
            taken.append(slice(first, first + size))
        else:
            raise UnsupportedError("an index that depends on data")
    return [_part(value, taken)]


def _part(value: Value, taken: Sequence[slice]) -> Value:
    """A part of an array: of constants any, of what carries one expression only the whole."""
    if isinstance(value, Whole) and all(
        label is None or part.indices(extent) == (0, extent, 1)
        for label, extent, part in zip(value.labels, value.shape, taken, strict=True)
    ):
        shape = tuple(len(range(*part.indices(extent))) for extent, part in zip(value.shape, taken, strict=True))
        return Whole(value.node, shape, value.labels)
    if isinstance(value, Whole):
        raise UnsupportedError("a part of an array is taken")
    return value_of(value.nodes[tuple(taken)])


def _concatenated(equation: Any, inputs: list[Value]) -> list[Value]:
    return inputs if len(inputs) == 1 else [tables.joined(inputs, equation.params["dimension"])]


def _stacked(equation: Any, inputs: list[Value]) -> list[Value]:
    if len(inputs) > 1:
        return [tables.stacked(inputs, equation.params["axis"])]
    (value,), shape = inputs, equation.outvars[0].aval.shape
    return [reshaped(value, shape) if isinstance(value, Whole) else value_of(value.nodes.reshape(shape))]


def _row(value: Value, turn: int) -> Value:
    """What a loop reads in one turn."""
    if isinstance(value, Table):
        return value_of(np.asarray(value.nodes[turn], dtype=object))
    if value.labels[0] is not None:
        raise UnsupportedError("a loop over the rows of an array")
    return Whole(value.node, value.shape[1:], value.labels[1:])


def _stack(items: Sequence[Value]) -> Value:
    """What a loop gives in its turns, as one array."""
    return tables.stacked(items, 0)
