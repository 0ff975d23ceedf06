"""Expressions of C on a machine: names, memory, operators, calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num
from symopt.lift.c import arithmetic
from symopt.lift.c.functions import known_function
from symopt.lift.c.intrinsics import intrinsic
from symopt.lift.c.library import library_function
from symopt.lift.c.memory import Block
from symopt.lift.c.refusal import placed, refusal
from symopt.lift.c.types import ArrayOf, CType, Number, PointerTo, Void, size_of
from symopt.lift.c.values import FunctionName, Pointer, Record, Text, Value, as_condition
from symopt.lift.c.work import RawMemory

if TYPE_CHECKING:
    from symopt.lift.c.machine import Frame, Machine

FLOAT_SUFFIX = re.compile(r"[fFlL]+\Z")
INTEGER_SUFFIX = re.compile(r"[uUlL]+\Z")
ESCAPES = {"\\n": 10, "\\0": 0, "\\t": 9}


class Expressions:
    """The values of expressions."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._constants: dict[int, Value] = {}

    def of(self, node: Any, frame: Frame) -> Value:
        """The value of an expression.

        Raises
        ------
        UnsupportedError: it cannot be lifted.
        """
        method = EXPRESSIONS.get(type(node).__name__)
        if method is None:
            raise refusal(node, type(node).__name__)
        return method(self, node, frame)

    # Leaves

    def _constant(self, node: Any, frame: Frame) -> Value:
        found = self._constants.get(id(node))
        if found is None:
            found = self._constants[id(node)] = self._literal(node)
        return found

    def _literal(self, node: Any) -> Value:
        value = _literal(node)
        if isinstance(value, Num) and self.machine.constants:
            is_single = node.value[-1] in "fF" and not node.value.lower().startswith("0x")
            rounded = np.float32(float(value.value)) if is_single else np.float64(float(value.value))
            return num(self.machine.constants.get(("float" if is_single else "double", rounded), value.value))
        return value

    def _name(self, node: Any, frame: Frame) -> Value:
        block = frame.find(node.name)
        if block is not None:
            return self._read(block, 0)
        if node.name in self.machine.functions:
            return FunctionName(node.name)
        raise refusal(node, f"{node.name}, which is not declared,")

    def _read(self, block: Block, index: int) -> Value:
        value: Value = self.machine.memory.read(block, index)
        return value

    # Places

    def place(self, node: Any, frame: Frame) -> tuple[Block, int]:
        """The block and element that an expression on the left of ``=`` means."""
        match type(node).__name__:
            case "ID":
                block = frame.find(node.name)
                if block is None:
                    raise refusal(node, f"{node.name}, which is not declared,")
                return block, 0
            case "ArrayRef":
                return self._element(node, frame)
            case "UnaryOp" if node.op == "*":
                return self._target(node, self.of(node.expr, frame))
            case "StructRef":
                return self._field(node, frame)
            case "Cast":
                raise refusal(node, "an assignment to a cast")
        raise refusal(node, "an assignment to such an expression")

    def _target(self, node: Any, pointer: Value) -> tuple[Block, int]:
        if not isinstance(pointer, Pointer):
            raise refusal(node, "the element of what is no pointer")
        if pointer.block is None:
            raise refusal(node, "a read or write through NULL")
        return pointer.block, pointer.offset

    def _element(self, node: Any, frame: Frame) -> tuple[Block, int]:
        base, index = self.of(node.name, frame), self.of(node.subscript, frame)
        if isinstance(base, int) and isinstance(index, Pointer):
            base, index = index, base
        if not isinstance(index, int):
            raise refusal(node, "an index that is not known when the code is read")
        block, offset = self._target(node, base)
        return block, offset + index

    def _field(self, node: Any, frame: Frame) -> tuple[Block, int]:
        if node.type == "->":
            block, offset = self._target(node, self.of(node.name, frame))
            record = self._read(block, offset)
        else:
            record = self.of(node.name, frame)
        if not isinstance(record, Record):
            raise refusal(node, "a field of what is no struct")
        if node.field.name not in record.fields:
            raise refusal(node, f"the field {node.field.name}, which the struct has not,")
        return record.fields[node.field.name], 0

    def _at_place(self, node: Any, frame: Frame) -> Value:
        return self._read(*self.place(node, frame))

    def assign(self, place: tuple[Block, int], value: Value) -> Value:
        """Write a value, converted to the type of its place; that is the value of the assignment."""
        block, index = place
        if isinstance(block.ctype, ArrayOf):
            raise UnsupportedError("an assignment to an array")
        if block.ctype is not None:
            value = self.machine.converted(value, block.ctype)
        self.machine.memory.write(block, index, value)
        return value

    # Operators

    def _unary(self, node: Any, frame: Frame) -> Value:
        match node.op:
            case "p++" | "p--" | "++" | "--":
                place = self.place(node.expr, frame)
                old = self._read(*place)
                new = self.assign(place, arithmetic.binary("+" if "+" in node.op else "-", old, 1))
                return old if node.op[0] == "p" else new
            case "&":
                if type(node.expr).__name__ == "ID" and node.expr.name in self.machine.functions:
                    return FunctionName(node.expr.name)
                return Pointer(*self.place(node.expr, frame))
            case "*":
                return self._at_place(node, frame)
            case "sizeof":
                return self._size(node, frame)
        value = self.of(node.expr, frame)
        match node.op:
            case "-":
                return arithmetic.minus(value)
            case "+":
                return value
            case "!":
                return arithmetic.negated(value)
            case "~" if isinstance(value, int):
                return ~value
        raise refusal(node, f"the operator {node.op}")

    def _size(self, node: Any, frame: Frame) -> Value:
        is_type = type(node.expr).__name__ == "Typename"
        ctype = self.machine.types.of(node.expr) if is_type else self.place(node.expr, frame)[0].ctype
        size = size_of(ctype) if ctype is not None else None
        if size is None:
            raise refusal(node, "the size of such a type")
        return size

    def _binary(self, node: Any, frame: Frame) -> Value:
        if node.op in ("&&", "||"):
            return self._logical(node, frame)
        return arithmetic.binary(node.op, self.of(node.left, frame), self.of(node.right, frame))

    def _logical(self, node: Any, frame: Frame) -> Value:
        left = self.machine.decided(as_condition(self.of(node.left, frame)))
        if isinstance(left, int):
            if left == (node.op == "||"):
                return left
            return as_condition(self.of(node.right, frame))
        with self.machine.memory.journal() as journal:
            right = as_condition(self.of(node.right, frame))
        if journal:
            raise refusal(node, "an assignment that depends on a condition that is not known")
        return arithmetic.logical(node.op, left, right)

    def _ternary(self, node: Any, frame: Frame) -> Value:
        condition = self.machine.decided(as_condition(self.of(node.cond, frame)))
        if isinstance(condition, int):
            return self.of(node.iftrue if condition else node.iffalse, frame)
        with self.machine.memory.journal() as journal:
            a, b = self.of(node.iftrue, frame), self.of(node.iffalse, frame)
        if journal:
            raise refusal(node, "an assignment that depends on a condition that is not known")
        return arithmetic.chosen(condition, a, b)

    def _assignment(self, node: Any, frame: Frame) -> Value:
        value = self.of(node.rvalue, frame)
        place = self.place(node.lvalue, frame)
        if node.op != "=":
            value = arithmetic.binary(node.op[:-1], self._read(*place), value)
        return self.assign(place, value)

    def _list(self, node: Any, frame: Frame) -> Value:
        value: Value = None
        for item in node.exprs:
            value = self.of(item, frame)
        return value

    def _cast(self, node: Any, frame: Frame) -> Value:
        ctype = self.machine.types.of(node.to_type)
        value = self.of(node.expr, frame)
        if isinstance(ctype, PointerTo):
            return self._pointer(node, value, ctype.target)
        if isinstance(ctype, Void):
            return None
        if isinstance(ctype, Number) and ctype.name == "float" and isinstance(value, Node) and value.args:
            self.machine.casts["float32"] = None
        return self.machine.converted(value, ctype)

    def _pointer(self, node: Any, value: Value, target: CType) -> Value:
        if isinstance(value, int) and value == 0:
            return Pointer(None)
        if not isinstance(value, Pointer):
            raise refusal(node, "a pointer made of a number")
        if isinstance(value.block, RawMemory):
            size = size_of(target)
            if size is None or size == 1:
                return value
            return value.block.as_array(value.offset, target)
        own = value.block.ctype if value.block is not None else None
        if own is not None and not isinstance(target, Void) and size_of(own) != size_of(target):
            raise refusal(node, "a pointer to numbers of another type")
        if isinstance(own, Number) and isinstance(target, Number) and own.is_float != target.is_float:
            raise refusal(node, "the bits of a floating-point number as an integer")
        return value

    # Calls

    def _call(self, node: Any, frame: Frame) -> Value:
        if type(node.name).__name__ != "ID":
            raise refusal(node, "a call through an expression")
        name = node.name.name
        block = frame.find(name)
        if block is not None:
            function = self._read(block, 0)
            if not isinstance(function, FunctionName):
                raise refusal(node, f"a call of {name}, which is a pointer to an unknown function,")
            name = function.name
        args = [self.of(item, frame) for item in (node.args.exprs if node.args is not None else [])]
        if name in self.machine.functions or name in self.machine.stubs:
            return self.machine.call(name, args)
        function_of = known_function(name) or intrinsic(self.machine, name) or library_function(self.machine, name)
        if function_of is None:
            raise refusal(node, f"a call of {name}, which is defined nowhere in the file,")
        try:
            return function_of(args)
        except UnsupportedError as error:
            raise placed(node, UnsupportedError(f"{name}: {error}")) from None


def _literal(node: Any) -> Value:
    if node.type in ("float", "double", "long double"):
        text = node.value
        if text.lower().startswith("0x"):
            return num(Fraction(float.fromhex(FLOAT_SUFFIX.sub("", text) if "p" in text.lower() else text)))
        return num(Fraction(FLOAT_SUFFIX.sub("", text)))
    if node.type == "string":
        return Text(node.value[1:-1])
    if node.type == "char":
        inner = node.value[1:-1]
        return ESCAPES.get(inner, ord(inner[-1]))
    text = INTEGER_SUFFIX.sub("", node.value)
    is_octal = len(text) > 1 and text[0] == "0" and text.isdigit()
    return int(text, 8 if is_octal else 0)


Method = Callable[[Expressions, Any, "Frame"], Value]
EXPRESSIONS: Mapping[str, Method] = {
    "Constant": Expressions._constant, "ID": Expressions._name, "ArrayRef": Expressions._at_place,
    "StructRef": Expressions._at_place, "UnaryOp": Expressions._unary, "BinaryOp": Expressions._binary,
    "TernaryOp": Expressions._ternary, "Assignment": Expressions._assignment, "ExprList": Expressions._list,
    "Cast": Expressions._cast, "FuncCall": Expressions._call,
}  # fmt: skip
