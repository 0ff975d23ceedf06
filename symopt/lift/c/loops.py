"""Whether what a few runs showed holds for arrays of every length, by the shape of the loops.

Runs with several lengths show that all elements are treated alike as far as they go. They go on like that if every
loop covers its range exactly once by construction, and if what it does in a pass depends on the position only in
that elements at it are read and written. The loops that are known are the plain one, ``for (i = 0; i < n; i++)``;
the one in steps, ``for (; i + 8 <= n; i += 8)``, followed by one for the rest; the one over blocks, whose last block
is cut off; and loops with constant bounds inside. Whatever else is done with a length or a position is not known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from symopt.lift.c.types import Number, Types, VectorOf

AFFINE = ("+", "*")


class _UnknownShapeError(Exception):
    """Something is done with a length or a position that is not known."""


def covers_all(tree: Any, types: Types, function: str, extents: Collection[str], stubs: Collection[str] = ()) -> bool:
    """Whether a function does to arrays of every length what it does to short ones.

    Parameters
    ----------
    extents: the parameters that are lengths, or arrays of lengths, one for each tensor.
    stubs: functions that are given a position, of which each value is as good as any other.
    """
    bodies = {item.decl.name: item for item in tree.ext if type(item).__name__ == "FuncDef"}
    checker = _Checker(bodies, types, frozenset(stubs))
    try:
        checker.function(function, frozenset(extents))
    except _UnknownShapeError:
        return False
    return True


class _Checker:
    """Checks functions, each once for each choice of which parameters are lengths."""

    def __init__(self, bodies: dict[str, Any], types: Types, stubs: frozenset[str] = frozenset()) -> None:
        self.bodies, self.types, self.stubs = bodies, types, stubs
        self._done: set[tuple[str, frozenset[str]]] = set()

    def function(self, name: str, extents: frozenset[str]) -> None:
        """Check a function of the file."""
        if (name, extents) in self._done or name not in self.bodies:
            return
        self._done.add((name, extents))
        item = self.bodies[name]
        scope = _Scope(self, set(extents))
        for parameter in item.decl.type.args.params if item.decl.type.args is not None else []:
            scope.declare(parameter)
        scope.extents -= scope.reals
        scope.statements(item.body.block_items or [])


class _Scope:
    """The lengths, positions and other integers that are known in a function.

    ``cursors`` are positions up to which a range is done: variable -> the end of the range, or None at its beginning.
    """

    def __init__(self, checker: _Checker, extents: set[str]) -> None:
        self.checker, self.extents = checker, extents
        self.positions: set[str] = set()
        self.cursors: dict[str, str | None] = {}
        self.rounded: dict[str, tuple[str, int]] = {}
        self.reals: set[str] = set()
        self.pointers: set[str] = set()
        self.depth = 0

    # Statements

    def statements(self, items: Sequence[Any]) -> None:
        for item in items:
            self.statement(item)
        if any(end is not None for end in self.cursors.values()):
            raise _UnknownShapeError  # the rest of a range is left out

    def statement(self, item: Any) -> None:
        match type(item).__name__:
            case "Compound":
                for inner in item.block_items or []:
                    self.statement(inner)
            case "Decl":
                self.declaration(item)
            case "DeclList":
                for inner in item.decls:
                    self.declaration(inner)
            case "For":
                self.loop(item)
            case "While" | "DoWhile" | "Goto" | "Label" | "Switch":
                raise _UnknownShapeError
            case "Break":
                raise _UnknownShapeError
            case "Return" if self.depth and item.expr is not None and not _is_status(item.expr):
                raise _UnknownShapeError
            case "If":
                self.expression(item.cond)
                for side in (item.iftrue, item.iffalse):
                    if side is not None:
                        self.statement(side)
            case "Assignment" if type(item.lvalue).__name__ == "ID" and item.lvalue.name in self.cursors:
                if item.op != "=" or not _is_number(item.rvalue, 0) or self.cursors[item.lvalue.name] is not None:
                    raise _UnknownShapeError
            case "Pragma" | "EmptyStatement" | "Continue" | "Typedef":
                return
            case _:
                self.expression(item)

    def declare(self, item: Any) -> None:
        """Remember whether a variable is a real number, or an array of such."""
        if item.name is None:
            return
        ctype: Any = self.checker.types.of(item.type)
        if hasattr(ctype, "target") or hasattr(ctype, "element"):
            self.pointers.add(item.name)
        while hasattr(ctype, "target") or hasattr(ctype, "element"):
            ctype = getattr(ctype, "target", None) or getattr(ctype, "element", None)
        if isinstance(ctype, VectorOf) or (isinstance(ctype, Number) and (ctype.is_float or ctype.name == "_Bool")):
            self.reals.add(item.name)

    def declaration(self, item: Any) -> None:
        self.declare(item)
        if item.name in self.reals or item.init is None:
            if item.init is not None:
                self.expression(item.init)
            return
        if not self._is_integer(item):
            self.expression(item.init)
        elif self.is_extent(item.init):
            self.extents.add(item.name)
        elif (rounded := self._rounding(item.init)) is not None:
            self.rounded[item.name] = rounded
        elif _is_number(item.init, 0) or (type(item.init).__name__ == "ID" and item.init.name in self.positions):
            # A range is about to begin here, at its first position.
            self.positions.add(item.name)
            self.cursors[item.name] = None
        elif self._names(item.init) & (self.positions | self.extents):
            self.affine(item.init)
            self.positions.add(item.name)
        else:
            self.expression(item.init)

    def _is_integer(self, item: Any) -> bool:
        ctype = self.checker.types.of(item.type)
        return isinstance(ctype, Number) and not ctype.is_float

    # Loops

    def loop(self, item: Any) -> None:
        """A loop of one of the known shapes."""
        if _has_constant_bounds(item):
            self.positions.add(item.init.decls[0].name)
            self._body(item)
            return
        variable = self._variable(item)
        step = _step(item.next, variable)
        condition = item.cond
        if type(condition).__name__ != "BinaryOp" or step is None:
            raise _UnknownShapeError
        if step == 1 and condition.op == "<" and _is_name(condition.left, variable):
            self._plain(item, variable, condition.right)
        elif step == 1 and condition.op == "<" and (end := self._rest(condition, variable)) is not None:
            self.cursors[end] = None
            self._body(item)
        elif condition.op == "<=" and (bound := self._in_steps(condition, variable, step)) is not None:
            self.cursors[variable] = bound
            self._body(item)
        elif condition.op == "<" and _is_name(condition.left, variable):
            self._blocks(item, variable, condition.right, step)
        else:
            raise _UnknownShapeError

    def _variable(self, item: Any) -> str:
        init = item.init
        if type(init).__name__ == "DeclList" and len(init.decls) == 1:
            self.declaration(init.decls[0])
            name: str = init.decls[0].name
        elif type(init).__name__ == "Assignment" and init.op == "=" and type(init.lvalue).__name__ == "ID":
            name = init.lvalue.name
            if not _is_number(init.rvalue, 0):
                raise _UnknownShapeError
            self.positions.add(name)
            self.cursors[name] = None
        elif init is None and type(item.next).__name__ in ("Assignment", "UnaryOp"):
            target = item.next.lvalue if type(item.next).__name__ == "Assignment" else item.next.expr
            name = getattr(target, "name", "")
        else:
            raise _UnknownShapeError
        if name not in self.cursors:
            raise _UnknownShapeError
        return name

    def _plain(self, item: Any, variable: str, end: Any) -> None:
        """Every position up to an end: the whole of a range, or the rest of one that was covered in steps."""
        if type(end).__name__ != "Constant" and not self.is_extent(end):
            raise _UnknownShapeError
        done = self.cursors.pop(variable)
        if done is not None and done != _text(end):
            raise _UnknownShapeError
        self._body(item)

    def _rest(self, condition: Any, lane: str) -> str | None:
        """The cursor in ``cursor + lane < end``, where the range was covered in steps up to the cursor."""
        left = condition.left
        if type(left).__name__ != "BinaryOp" or left.op != "+" or not _is_name(left.right, lane):
            return None
        cursor = getattr(left.left, "name", None)
        self.cursors.pop(lane, None)
        if not isinstance(cursor, str) or self.cursors.get(cursor) != _text(condition.right):
            return None
        return cursor

    def _in_steps(self, condition: Any, variable: str, step: int) -> str | None:
        """The end in ``variable + step <= end``."""
        left = condition.left
        is_step = type(left).__name__ == "BinaryOp" and left.op == "+" and _is_number(left.right, step)
        if not is_step or not _is_name(left.left, variable) or not self.is_extent(condition.right):
            return None
        return _text(condition.right) if self.cursors[variable] is None else None

    def _blocks(self, item: Any, variable: str, end: Any, step: int) -> None:
        """A loop in steps up to a rounded length; or over blocks, with the end of each in a variable."""
        if type(end).__name__ == "ID" and end.name in self.rounded:
            whole, size = self.rounded[end.name]
            if size != step or self.cursors[variable] is not None:
                raise _UnknownShapeError
            self.cursors[variable] = whole
            self._body(item)
            return
        items = item.stmt.block_items if type(item.stmt).__name__ == "Compound" else None
        if not items or not self.is_extent(end) or not _is_block_end(items[0], variable, _text(end), step):
            raise _UnknownShapeError
        del self.cursors[variable]
        self.extents.add(items[0].name)
        inner = [*items[1:]]
        self.depth += 1
        self.statements(inner)
        self.depth -= 1

    def _body(self, item: Any) -> None:
        self.depth += 1
        before = dict(self.cursors)
        self.cursors = {}
        body = item.stmt
        self.statements((body.block_items or []) if type(body).__name__ == "Compound" else [body])
        self.cursors = before
        self.depth -= 1

    # Expressions

    def expression(self, node: Any) -> None:
        """Refuse uses of lengths and positions but for elements, comparisons with 0, and as numbers."""
        match type(node).__name__:
            case "ID":
                if node.name in self.positions or node.name in self.extents or node.name in self.rounded:
                    raise _UnknownShapeError
            case "ArrayRef":
                self.expression(node.name)
                self.affine(node.subscript)
            case "BinaryOp" if node.op in ("+", "-") and self._is_pointer(node.left):
                self.expression(node.left)
                self.affine(node.right)
            case "BinaryOp" if node.op in (">", "==", "!=") and _is_number(node.right, 0) and self.is_extent(node.left):
                return
            case "Cast" if self.is_extent(node.expr):
                return
            case "FuncCall":
                self._call(node)
            case "Assignment" if self._moves_in_bytes(node):
                return
            case "Assignment" | "UnaryOp" if self._changes_integer(node):
                raise _UnknownShapeError
            case "Typename":
                return
            case _:
                for _, inner in node.children():
                    self.expression(inner)

    def _call(self, node: Any) -> None:
        name = getattr(node.name, "name", "")
        args = node.args.exprs if node.args is not None else []
        body = self.checker.bodies.get(name)
        parameters = [p.name for p in body.decl.type.args.params] if body is not None and body.decl.type.args else []
        lengths = set()
        for position, arg in enumerate(args):
            if body is not None and self.is_extent(arg):
                lengths.add(parameters[position])
            elif name in self.checker.stubs:
                self.affine(arg)
            else:
                self.expression(arg)
        if body is not None and name not in self.checker.stubs:
            self.checker.function(name, frozenset(lengths))

    def _moves_in_bytes(self, node: Any) -> bool:
        """Whether a pointer goes on by the bytes of an array, rounded up; outside of loops."""
        call = node.rvalue
        if self.depth or node.op != "+=" or type(call).__name__ != "FuncCall" or not self._is_pointer(node.lvalue):
            return False
        body = self.checker.bodies.get(getattr(call.name, "name", ""))
        size: Any = call.args.exprs[0] if call.args is not None else None
        is_bytes = (
            size is not None and type(size).__name__ == "BinaryOp" and size.op == "*" and self.is_extent(size.left)
        )
        return body is not None and _rounds_up(body) and is_bytes and getattr(size.right, "op", "") == "sizeof"

    def _changes_integer(self, node: Any) -> bool:
        """Whether a variable that is no real number is changed inside a loop."""
        is_step = type(node).__name__ == "UnaryOp"
        if is_step and node.op not in ("++", "--", "p++", "p--"):
            return False
        target = node.expr if is_step else node.lvalue
        return self.depth > 0 and type(target).__name__ == "ID" and target.name not in self.reals

    def affine(self, node: Any) -> None:
        """Refuse positions but sums and products of lengths, positions and constants."""
        match type(node).__name__:
            case "ID" | "Constant":
                return
            case "BinaryOp" if node.op in AFFINE:
                self.affine(node.left)
                self.affine(node.right)
                return
            case "ArrayRef" if self.is_extent(node):
                return
        raise _UnknownShapeError

    def is_extent(self, node: Any) -> bool:
        """Whether an expression is a length, or a product of such, or the smaller or larger of two."""
        match type(node).__name__:
            case "ID":
                return node.name in self.extents
            case "Constant":
                return _is_number(node, 1)
            case "ArrayRef":
                return self.is_extent(node.name) and type(node.subscript).__name__ == "ID"
            case "BinaryOp" if node.op == "*":
                return self.is_extent(node.left) and self.is_extent(node.right)
            case "Cast":
                return self.is_extent(node.expr)
            case "TernaryOp":
                condition = node.cond
                is_choice = type(condition).__name__ == "BinaryOp" and condition.op in ("<", ">")
                sides = {_text(node.iftrue), _text(node.iffalse)}
                return is_choice and {_text(condition.left), _text(condition.right)} == sides and all(
                    self.is_extent(side) for side in (node.iftrue, node.iffalse)
                )  # fmt: skip
        return False

    def _is_pointer(self, node: Any) -> bool:
        return type(node).__name__ == "ID" and node.name in self.pointers

    def _names(self, node: Any) -> set[str]:
        return {inner.name for inner in _walk(node) if type(inner).__name__ == "ID"}

    def _rounding(self, node: Any) -> tuple[str, int] | None:
        """The length and the step in ``n - n % 8``, ``n / 8 * 8`` and ``n & ~7``."""
        text = _text(node)
        for name in self.extents:
            for step in (2, 4, 8, 16, 32):
                forms = (f"({name} - ({name} % {step}))", f"(({name} / {step}) * {step})", f"({name} & (~{step - 1}))")
                if text in forms:
                    return name, step
        return None


def _walk(node: Any) -> Iterator[Any]:
    yield node
    for _, inner in node.children():
        yield from _walk(inner)


def _text(node: Any) -> str:
    """An expression as a text, for comparing expressions of integers."""
    match type(node).__name__:
        case "ID":
            return str(node.name)
        case "Constant":
            return str(node.value).rstrip("uUlL")
        case "BinaryOp":
            return f"({_text(node.left)} {node.op} {_text(node.right)})"
        case "UnaryOp":
            return f"({node.op}{_text(node.expr)})"
        case "ArrayRef":
            return f"{_text(node.name)}[{_text(node.subscript)}]"
        case "Cast":
            return _text(node.expr)
        case "TernaryOp":
            return f"({_text(node.cond)} ? {_text(node.iftrue)} : {_text(node.iffalse)})"
    return f"<{id(node)}>"


def _is_name(node: Any, name: str) -> bool:
    return type(node).__name__ == "ID" and node.name == name


def _is_constant(node: Any) -> bool:
    return type(node).__name__ == "Constant"


def _is_number(node: Any, number: int) -> bool:
    if type(node).__name__ == "Cast":
        return _is_number(node.expr, number)
    return _is_constant(node) and _text(node) == str(number)


def _is_status(node: Any) -> bool:
    """Whether what is returned is a constant by name, as a function does that refuses its arguments."""
    return type(node).__name__ in ("ID", "Constant")


def _rounds_up(function: Any) -> bool:
    """Whether a function returns the next multiple of a number."""
    items = function.body.block_items or []
    if len(items) != 1 or type(items[0]).__name__ != "Return":
        return False
    name = function.decl.type.args.params[0].name
    return any(_text(items[0].expr) == f"((({name} + {size - 1}) / {size}) * {size})" for size in (16, 32, 64, 128))


def _step(node: Any, variable: str) -> int | None:
    """By how much a loop goes on."""
    if type(node).__name__ == "UnaryOp" and node.op in ("++", "p++") and _is_name(node.expr, variable):
        return 1
    if type(node).__name__ == "Assignment" and node.op == "+=" and _is_name(node.lvalue, variable):
        return int(_text(node.rvalue), 0) if _is_constant(node.rvalue) else None
    return None


def _has_constant_bounds(item: Any) -> bool:
    """Whether a loop is ``for (T i = 1; i < 8; i++)``, the same for arrays of every length."""
    init, condition = item.init, item.cond
    if type(init).__name__ != "DeclList" or len(init.decls) != 1 or type(condition).__name__ != "BinaryOp":
        return False
    name = init.decls[0].name
    is_bounded = condition.op in ("<", "<=") and _is_name(condition.left, name) and _is_constant(condition.right)
    return (
        is_bounded
        and init.decls[0].init is not None
        and _is_constant(init.decls[0].init)
        and _step(item.next, name) == 1
    )


def _is_block_end(item: Any, begin: str, end: str, step: int) -> bool:
    """Whether a declaration is ``end of block = end - begin < step ? end : begin + step``."""
    if type(item).__name__ != "Decl" or item.init is None:
        return False
    return _text(item.init) == f"((({end} - {begin}) < {step}) ? {end} : ({begin} + {step}))"
