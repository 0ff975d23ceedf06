"""One run of a C function on arrays of a few elements, each of which is a name of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, Num, Op, Ref, num, ref, refs
from symopt.ir.trace import SIZE, STEP
from symopt.lift.c import arguments as roles
from symopt.lift.c.arguments import Argument
from symopt.lift.c.layout import At, Layout
from symopt.lift.c.machine import Machine
from symopt.lift.c.memory import Block
from symopt.lift.c.types import CType, Number, PointerTo, Struct
from symopt.lift.c.values import IntNode, Pointer, Record, Size, Value
from symopt.lift.confirm import FloatArithmetic
from symopt.passes.build import negated


@dataclass
class Choices:
    """Which way conditions go: those on hyper-parameters as usual values say, those on the step where t >= 1 says.

    What was taken for granted is in ``facts``.
    """

    usual: Mapping[str, Fraction]
    facts: dict[Node, None] = field(default_factory=dict)

    def __call__(self, condition: Node) -> bool | None:
        """Which way a condition goes; None where it may go both ways."""
        read = set(refs(condition))
        if read <= {STEP}:
            return step_says(condition)
        if not read <= set(self.usual):
            return None
        holds = bool(evaluate([condition], {n: float(v) for n, v in self.usual.items()}, FloatArithmetic())[0])
        self.facts[condition if holds else negated(condition)] = None
        return holds


def step_says(condition: Node) -> bool | None:
    """Whether a comparison of the step with a number holds for all steps from 1 on; None where that depends."""
    match condition:
        case Op(op="lt", args=(Ref(), Num(value=bound))):
            return False if bound <= 1 else None
        case Op(op="le", args=(Ref(), Num(value=bound))):
            return False if bound < 1 else None
        case Op(op="lt", args=(Num(value=bound), Ref())):
            return True if bound < 1 else None
        case Op(op="le", args=(Num(value=bound), Ref())):
            return True if bound <= 1 else None
        case Op(op="eq", args=(Ref(), Num(value=bound))):
            return False if bound < 1 else None
        case Op(op="not", args=(inner,)):
            known = step_says(inner)
            return None if known is None else not known
    return None


@dataclass
class Run:
    """What a call did: the blocks that it was given, by argument, and the decisions on the way."""

    blocks: dict[str, Block]
    inputs: dict[str, tuple[str, At]]
    choices: Choices
    casts: tuple[str, ...] = ()


def run(
    tree: Any, function: str, known: Sequence[Argument], layout: Layout, numbers: frozenset[str],
    names: Mapping[str, str], fixed: Mapping[str, object], usual: Mapping[str, Fraction],
) -> Run:  # fmt: skip
    """Call a function with one name for every element.

    Parameters
    ----------
    numbers: the pointers to one number.
    names: argument, or ``argument.field`` -> name in expressions.

    Raises
    ------
    UnsupportedError: something in it cannot be lifted.
    """
    choices = Choices(usual)
    machine = Machine(tree, choices)
    result = Run({}, {}, choices)
    args = [_value(argument, layout, numbers, names, fixed, result) for argument in known]
    before = machine.globals()
    machine.call(function, args)
    changed = [name for name, value in machine.globals().items() if value != before[name]]
    if changed:
        raise UnsupportedError(f"{', '.join(changed)}: a variable of the file is changed by the call")
    result.casts = tuple(machine.casts)
    return result


def _value(
    argument: Argument, layout: Layout, numbers: frozenset[str], names: Mapping[str, str],
    fixed: Mapping[str, object], into: Run,
) -> Value:  # fmt: skip
    name, ctype = argument.name, argument.ctype
    match argument.role:
        case roles.FIXED:
            return _given(fixed[name], ctype)
        case roles.LENGTH:
            return Size(layout.extents[0], ref(SIZE))
        case roles.STEP:
            return IntNode(ref(STEP)) if isinstance(ctype, Number) and not ctype.is_float else ref(STEP)
        case roles.TENSOR_COUNT:
            return len(layout.extents)
        case roles.SIZES:
            assert isinstance(ctype, PointerTo)
            return Pointer(Block(name, list(layout.extents), ctype.target))
        case roles.HYPER:
            return _hypers(name, ctype, names, fixed)
    assert isinstance(ctype, PointerTo)
    if name in numbers or argument.role == roles.COUNTER:
        block = Block(name, [_number(names[name], ctype.target)], ctype.target, is_input=True)
    else:
        block = _array(names[name], ctype.target, layout, into)
    into.blocks[name] = block
    return Pointer(block)


def _number(name: str, ctype: CType) -> Value:
    return ref(name) if isinstance(ctype, Number) and ctype.is_float else IntNode(ref(name))


def _array(name: str, ctype: CType, layout: Layout, into: Run) -> Block:
    data: list[Any] = []
    for position, at in enumerate(layout.places(layout.axes)):
        own = f"{name}[{position}]"
        into.inputs[own] = name, at
        data.append(ref(own))
    return Block(name, data, ctype, is_input=True)


def _given(value: object, ctype: CType) -> Value:
    if isinstance(value, bool | int) and isinstance(ctype, Number) and not ctype.is_float:
        return int(value)
    if isinstance(value, int | float | Fraction):
        return num(Fraction(repr(value)) if isinstance(value, float) else Fraction(value))
    raise UnsupportedError(f"{value!r} as an argument")


def _hypers(name: str, ctype: CType, names: Mapping[str, str], fixed: Mapping[str, object]) -> Value:
    struct = ctype.target if isinstance(ctype, PointerTo) else ctype
    if not isinstance(struct, Struct):
        return ref(names[name])
    fields: dict[str, Block] = {}
    for item, kind in struct.fields.items():
        if item in fixed:
            value = _given(fixed[item], kind)
        elif f"{name}.{item}" in names:
            value = _number(names[f"{name}.{item}"], kind)
        else:
            raise UnsupportedError(f"the field {item} of {name} has no known meaning; give its value")
        fields[item] = Block(item, [value], kind)
    record = Record(fields)
    return Pointer(Block(name, [record], struct)) if isinstance(ctype, PointerTo) else record
