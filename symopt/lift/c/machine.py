"""Symbolic execution of C: what the integers do is done, what the floating-point numbers would be is an expression.

Statements are here, expressions in ``expressions``. Where a branch depends on a value that is not known, both sides
are run on the same memory, one after the other, and what they write is merged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num
from symopt.lift.c import arithmetic
from symopt.lift.c.assumed import facts_of
from symopt.lift.c.expressions import Expressions
from symopt.lift.c.memory import Block, Memory
from symopt.lift.c.refusal import PlacedError, placed, refusal
from symopt.lift.c.types import ArrayOf, CType, Number, Struct, Types, VectorOf, parameter_type
from symopt.lift.c.values import NULL, FunctionName, IntNode, Pointer, Record, Value, as_condition, as_node
from symopt.passes import build

MOST_STATEMENTS = 2_000_000
MOST_CALLS = 30  # nested ones; each takes many frames of Python
Decide = Callable[[Node], bool | None]
Stub = Callable[[list[Value]], Value]

# How a statement ended.
NORMAL, BREAK, CONTINUE, RETURN = "normal", "break", "continue", "return"
Outcome = tuple[str, Value]
DONE: Outcome = (NORMAL, None)


class Frame:
    """The variables of a function that is being executed, by scopes."""

    def __init__(self, scopes: list[dict[str, Block]]) -> None:
        self.scopes = scopes

    def find(self, name: str) -> Block | None:
        """The variable that a name means; None where there is none."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return None


class Machine:
    """One execution of a file's functions.

    Parameters
    ----------
    tree: the file's syntax tree.
    decide: says of a condition which way it goes, or None where both ways are followed.
    stubs: functions whose bodies are not read, by name.
    constants: exact numbers; a literal that is the nearest float of its type to one of them stands for it.

    ``facts`` are the conditions that are decided by the branches whose sides are being run.
    """

    def __init__(
        self, tree: Any, decide: Decide, stubs: Mapping[str, Stub] | None = None, constants: Collection[Fraction] = ()
    ) -> None:
        self.constants: dict[object, Fraction] = {("float", np.float32(float(value))): value for value in constants}
        self.constants |= {("double", np.float64(float(value))): value for value in constants}
        self.decide, self.stubs = decide, dict(stubs or {})
        self.memory, self.types = Memory(), Types(refusal)
        self.functions: dict[str, Any] = {}
        self.facts: dict[Node, bool] = {}
        self.casts: dict[str, None] = {}
        self.values = Expressions(self)
        self._statements = 0
        self._depth = 0
        self._globals: dict[str, Block] = {}
        frame = Frame([self._globals])
        for item in tree.ext:
            match type(item).__name__:
                case "Typedef":
                    self._enumerators(item.type.type, frame)
                    self.types.declare(item.name, item.type)
                case "FuncDef":
                    self.functions[item.decl.name] = item
                case "Decl" if type(item.type).__name__ != "FuncDecl":
                    self._global(item, frame)

    def _global(self, item: Any, frame: Frame) -> None:
        if type(item.type).__name__ == "Enum":
            self._enumerators(item.type, frame)
        elif item.name is None:
            self.types.of(item.type)
        else:
            self._declare(item, frame)

    def _enumerators(self, enum: Any, frame: Frame) -> None:
        """The constants of an enum, where a type is one."""
        value = 0
        listed = enum.values if type(enum).__name__ == "Enum" else None
        for item in listed.enumerators if listed is not None else []:
            if item.value is not None:
                known = self.values.of(item.value, frame)
                assert isinstance(known, int)
                value = known
            frame.scopes[-1][item.name] = Block(item.name, [value], Number("int"))
            value += 1

    def globals(self) -> dict[str, list[Any]]:
        """The values of the variables of the file, those of arrays included."""
        found: dict[str, list[Any]] = {}
        for name, block in self._globals.items():
            value = block.data[0]
            inner = value.block.data if isinstance(value, Pointer) and value.block is not None else []
            found[name] = [*block.data, *inner]
        return found

    # Functions

    def parameters(self, name: str) -> list[tuple[str, CType]]:
        """The names and types of a function's parameters."""
        declared = self.functions[name].decl.type.args
        items = [item for item in declared.params if type(item).__name__ == "Decl"] if declared is not None else []
        return [(item.name, parameter_type(self.types.of(item.type))) for item in items]

    def call(self, name: str, args: list[Value]) -> Value:
        """What a function of the file returns.

        Raises
        ------
        UnsupportedError: something in it cannot be lifted; the message says where.
        """
        if name in self.stubs:
            return self.stubs[name](args)
        function = self.functions[name]
        parameters = self.parameters(name)
        if len(parameters) != len(args):
            raise refusal(function, f"a call of {name} with {len(args)} arguments")
        scope: dict[str, Block] = {}
        for (parameter, ctype), value in zip(parameters, args, strict=True):
            scope[parameter] = Block(parameter, [self.converted(value, ctype)], ctype)
        if self._depth == MOST_CALLS:
            raise refusal(function, f"a call of {name} inside {MOST_CALLS} others, as in a recursion without end,")
        self._depth += 1
        try:
            kind, value = self._block(function.body.block_items or [], Frame([self._globals, scope]), at_end=RETURN)
        finally:
            self._depth -= 1
        result = self.types.of(function.decl.type.type)
        return self.converted(value, result) if kind == RETURN and value is not None else None

    # Statements

    def _block(self, items: list[Any], frame: Frame, at_end: str) -> Outcome:
        """Statements in a scope of their own; ``at_end`` is what reaching the end of them comes to."""
        inner = Frame([*frame.scopes, {}])
        return self._sequence(items, 0, inner, at_end)

    def _sequence(self, items: list[Any], start: int, frame: Frame, at_end: str) -> Outcome:
        for position in range(start, len(items)):
            item = items[position]
            if type(item).__name__ == "If":
                condition = self._condition(item.cond, frame)
                if not isinstance(condition, int):
                    if _leaves(item):
                        return self._both_to_the_end(item, condition, items, position, frame, at_end)
                    self._both(item, condition, frame)
                    continue
                side = item.iftrue if condition else item.iffalse
                outcome = self.execute(side, frame) if side is not None else DONE
            else:
                outcome = self.execute(item, frame)
            if outcome is not DONE:
                return outcome
        return (at_end, None) if at_end == RETURN else DONE

    def execute(self, item: Any, frame: Frame) -> Outcome:
        """Run one statement."""
        self._statements += 1
        if self._statements > MOST_STATEMENTS:
            raise refusal(item, f"a run of more than {MOST_STATEMENTS} statements")
        kind = type(item).__name__
        method = STATEMENTS.get(kind)
        try:
            if method is not None:
                return method(self, item, frame)
            self.values.of(item, frame)
        except PlacedError:
            raise
        except UnsupportedError as error:
            raise placed(item, error) from None
        return DONE

    def _compound(self, item: Any, frame: Frame) -> Outcome:
        return self._block(item.block_items or [], frame, NORMAL)

    def _if(self, item: Any, frame: Frame) -> Outcome:
        return self._sequence([item], 0, frame, NORMAL)

    def _for(self, item: Any, frame: Frame) -> Outcome:
        inner = Frame([*frame.scopes, {}])
        if item.init is not None:
            self.execute(item.init, inner)
        return self._loop(item, item.cond, item.next, inner)

    def _while(self, item: Any, frame: Frame) -> Outcome:
        return self._loop(item, item.cond, None, frame)

    def _do_while(self, item: Any, frame: Frame) -> Outcome:
        outcome = self._loop_body(item, frame)
        if outcome[0] == BREAK:
            return DONE
        return outcome if outcome[0] == RETURN else self._loop(item, item.cond, None, frame)

    def _loop(self, item: Any, condition: Any, after: Any, frame: Frame) -> Outcome:
        while condition is None or self._known(condition, frame):
            kind, value = self._loop_body(item, frame)
            if kind == BREAK:
                break
            if kind == RETURN:
                return kind, value
            if after is not None:
                self.values.of(after, frame)
        return DONE

    def _loop_body(self, item: Any, frame: Frame) -> Outcome:
        body = item.stmt
        items = (body.block_items or []) if type(body).__name__ == "Compound" else [body]
        return self._block(items, frame, CONTINUE)

    def _known(self, condition: Any, frame: Frame) -> bool:
        value = self._condition(condition, frame)
        if not isinstance(value, int):
            raise refusal(condition, "a loop whose end depends on values that are not known")
        return bool(value)

    def _switch(self, item: Any, frame: Frame) -> Outcome:
        chosen = self.values.of(item.cond, frame)
        if not isinstance(chosen, int):
            raise refusal(item, "a switch on a value that is not known")
        is_running = False
        for case in item.stmt.block_items or []:
            if type(case).__name__ == "Case":
                is_running = is_running or self.values.of(case.expr, frame) == chosen
            elif type(case).__name__ == "Default":
                is_running = True
            if is_running:
                for statement in case.stmts or []:
                    outcome = self.execute(statement, frame)
                    if outcome[0] == BREAK:
                        return DONE
                    if outcome is not DONE:
                        return outcome
        return DONE

    def _return(self, item: Any, frame: Frame) -> Outcome:
        return RETURN, None if item.expr is None else self.values.of(item.expr, frame)

    def _refused(self, item: Any, frame: Frame) -> Outcome:
        raise refusal(item, NAMES[type(item).__name__])

    # Branches

    def _condition(self, expression: Any, frame: Frame) -> int | Node:
        """A condition; 1 or 0 where it is known, or decided."""
        try:
            condition = as_condition(self.values.of(expression, frame))
        except PlacedError:
            raise
        except UnsupportedError as error:
            raise placed(expression, error) from None
        return self.decided(condition)

    def decided(self, condition: int | Node) -> int | Node:
        """A condition; 1 or 0 where ``decide`` says so."""
        if isinstance(condition, int):
            return condition
        way = self.facts[condition] if condition in self.facts else self.decide(condition)
        return condition if way is None else int(way)

    def _both(self, item: Any, condition: Node, frame: Frame) -> None:
        """Both sides of an ``if`` after which the code goes on."""

        def run(side: Any) -> Outcome:
            return self.execute(side, frame) if side is not None else DONE

        self._merged(condition, [lambda: run(item.iftrue), lambda: run(item.iffalse)])

    def _both_to_the_end(
        self, item: Any, condition: Node, items: list[Any], position: int, frame: Frame, at_end: str
    ) -> Outcome:
        """Both sides of an ``if`` that may leave the block, each with the rest of the block after it."""

        def run(side: Any) -> Outcome:
            inner = Frame([*frame.scopes[:-1], dict(frame.scopes[-1])])
            outcome = self.execute(side, inner) if side is not None else DONE
            return self._sequence(items, position + 1, inner, at_end) if outcome is DONE else outcome

        (a, x), (b, y) = self._merged(condition, [lambda: run(item.iftrue), lambda: run(item.iffalse)])
        if {a, b} == {NORMAL, CONTINUE} and at_end == CONTINUE:
            return DONE
        if a != b:
            raise refusal(item, "a jump that depends on values that are not known")
        if a == RETURN and (x is None) == (y is None):
            return RETURN, None if x is None else arithmetic.chosen(condition, x, y)
        return a, None

    def _merged(self, condition: Node, sides: list[Callable[[], Outcome]]) -> list[Outcome]:
        outcomes, written = [], []
        known = self.facts
        for side, holds in zip(sides, (True, False), strict=True):
            self.facts = known | facts_of(condition, holds)
            with self.memory.journal() as journal:
                outcomes.append(side())
            written.append(self.memory.undo(journal))
        self.facts = known
        yes, no = written
        self.memory.merge(yes, no, lambda a, b: arithmetic.chosen(condition, a, b))
        return outcomes

    # Declarations and conversions

    def _declaration(self, item: Any, frame: Frame) -> Outcome:
        if item.name is None:
            self._global(item, frame)
        elif type(item.type).__name__ != "FuncDecl":
            if "static" in (item.storage or []) and len(frame.scopes) > 1 and "const" not in (item.quals or []):
                raise refusal(item, f"the static variable {item.name}, which outlives the call,")
            self._declare(item, frame)
        return DONE

    def _declarations(self, item: Any, frame: Frame) -> Outcome:
        for declaration in item.decls:
            self._declaration(declaration, frame)
        return DONE

    def _declare(self, item: Any, frame: Frame) -> None:
        ctype = self.types.of(item.type)
        value: Value
        if isinstance(ctype, ArrayOf):
            value = self._array(item.name, ctype, item.init, frame)
        elif isinstance(ctype, Struct):
            value = self._record(ctype, item.init, frame)
        elif item.init is None:
            value = None
        else:
            value = self.converted(self.values.of(item.init, frame), ctype)
        frame.scopes[-1][item.name] = Block(item.name, [value], ctype)

    def _array(self, name: str, ctype: ArrayOf, init: Any, frame: Frame) -> Pointer:
        given = None if init is None or type(init).__name__ != "InitList" else init.exprs
        if init is not None and given is None:
            raise refusal(init, "an array that is not given as a list")
        length = len(given or []) if ctype.dim is None else self.values.of(ctype.dim, frame)
        if not isinstance(length, int):
            raise refusal(ctype.dim, "an array whose length is not known")
        data: list[Any] = [None if given is None else self.zero(ctype.element) for _ in range(length)]
        if isinstance(ctype.element, ArrayOf):
            inner = given or [None] * length
            data = [self._array(f"{name}[{i}]", ctype.element, item, frame) for i, item in enumerate(inner)]
        else:
            for i, item in enumerate(given or []):
                data[i] = self.converted(self.values.of(item, frame), ctype.element)
        return Pointer(Block(name, data, ctype.element))

    def _record(self, ctype: Struct, init: Any, frame: Frame) -> Record:
        if init is not None and type(init).__name__ != "InitList":
            value = self.values.of(init, frame)
            assert isinstance(value, Record)
            return self.copied(value)
        empty = [None if init is None else self.zero(kind) for kind in ctype.fields.values()]
        record = Record({n: Block(n, [v], k) for (n, k), v in zip(ctype.fields.items(), empty, strict=True)})
        names = list(ctype.fields)
        for position, item in enumerate(init.exprs if init is not None else []):
            is_named = type(item).__name__ == "NamedInitializer"
            name = item.name[0].name if is_named else names[position]
            value = self.values.of(item.expr if is_named else item, frame)
            record.fields[name].data[0] = self.converted(value, ctype.fields[name])
        return record

    def copied(self, record: Record) -> Record:
        """A struct with the same values."""
        return Record({name: Block(name, list(block.data), block.ctype) for name, block in record.fields.items()})

    def zero(self, ctype: CType) -> Value:
        """What a value is that an initialiser leaves out."""
        match ctype:
            case Number():
                return num(0) if ctype.is_float else 0
            case Struct():
                fields = ctype.fields.items()
                return Record({name: Block(name, [self.zero(kind)], kind) for name, kind in fields})
            case VectorOf():
                raise UnsupportedError("a vector that is initialised as an array")
        return NULL

    def converted(self, value: Value, ctype: CType) -> Value:
        """A value as one of another type.

        Raises
        ------
        UnsupportedError: a number that is not known is rounded to an integer.
        """
        match ctype:
            case Number(name="_Bool"):
                return as_condition(value)
            case Number() if ctype.is_float:
                if not isinstance(value, int | Node | IntNode):
                    raise UnsupportedError("a pointer or struct as a number")
                return as_node(value)
            case Number():
                return self._integer(value, ctype)
            case Struct() if isinstance(value, Record):
                return self.copied(value)
        if isinstance(value, int) and not isinstance(ctype, VectorOf) and value == 0:
            return NULL
        return value

    def _integer(self, value: Value, ctype: Number) -> Value:
        match value:
            case int():
                bits = 8 * ctype.size
                return value if not ctype.is_unsigned or 0 <= value < 1 << bits else value % (1 << bits)
            case IntNode():
                return value
            case Node() if build.is_condition(value):
                return value
            case Node():
                constant = getattr(value, "value", None)
                if constant is None:
                    raise UnsupportedError("a number of floating point that is rounded to an integer")
                return int(constant)
            case FunctionName() | Pointer():
                raise UnsupportedError("a pointer as an integer")
        raise UnsupportedError("a value as an integer")


JUMPS = {"Return", "Break", "Continue"}


def _leaves(item: Any) -> bool:
    """Whether a statement has a jump in it that may leave the block that it stands in."""
    kind = type(item).__name__
    if kind in JUMPS:
        return True
    if kind in ("For", "While", "DoWhile", "Switch"):
        return any(type(inner).__name__ == "Return" or _returns(inner) for _, inner in item.children())
    return any(_leaves(inner) for _, inner in item.children())


def _returns(item: Any) -> bool:
    return any(type(inner).__name__ == "Return" or _returns(inner) for _, inner in item.children())


Statement = Callable[[Machine, Any, Frame], Outcome]
STATEMENTS: Mapping[str, Statement] = {
    "Compound": Machine._compound, "If": Machine._if, "For": Machine._for, "While": Machine._while,
    "DoWhile": Machine._do_while, "Switch": Machine._switch, "Return": Machine._return,
    "Decl": Machine._declaration, "DeclList": Machine._declarations,
    "Break": lambda machine, item, frame: (BREAK, None), "Continue": lambda machine, item, frame: (CONTINUE, None),
    "EmptyStatement": lambda machine, item, frame: DONE, "Pragma": lambda machine, item, frame: DONE,
    "Goto": Machine._refused, "Label": Machine._refused, "Asm": Machine._refused, "Union": Machine._refused,
}  # fmt: skip
NAMES = {"Goto": "goto", "Label": "a label for goto", "Asm": "inline assembly", "Union": "a union"}
