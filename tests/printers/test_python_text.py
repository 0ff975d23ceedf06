"""Python text of expressions: it means what the graph says, operation by operation."""

from __future__ import annotations

import ast
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symopt.errors import UnsupportedError
from symopt.ir.nodes import ARITY, Node, Num, Op, Ref, num, op, reduce, ref
from symopt.lang import Domain, Positive, PositiveInteger, Real, UnitInterval
from symopt.passes.buffers import Placed
from symopt.passes.linearise import COPY
from symopt.printers.numpy import UFUNCS, NumPyPrinter
from symopt.printers.python import RESERVED, PythonPrinter, identifier, in_docstring, inside, literal
from symopt.printers.torch import TorchPrinter

SCALARS = PythonPrinter()
SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Node:
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([ref("a"), ref("b"), ref("t"), num(2), num(Fraction(1, 3)), num(-3)]))
    operation = draw(st.sampled_from([*SYMBOLS, "neg"]))
    return op(operation, *(draw(expressions(depth=depth - 1)) for _ in range(ARITY[operation])))


def parsed(tree: ast.expr) -> Any:
    """A Python expression as nested tuples of operations."""
    match tree:
        case ast.BinOp(left=left, op=operator, right=right):
            names = {"Add": "add", "Sub": "sub", "Mult": "mul", "Div": "div", "Pow": "pow"}
            return names[type(operator).__name__], parsed(left), parsed(right)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return "neg", parsed(operand)
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return name
    raise AssertionError(ast.dump(tree))


def structure(node: Node) -> Any:
    if isinstance(node, Num):
        # Python has no negative literals.
        return float(node.value) if node.value >= 0 else ("neg", float(-node.value))
    if isinstance(node, Ref):
        return node.name
    assert isinstance(node, Op)
    return (node.op, *map(structure, node.args))


@settings(max_examples=300, deadline=None)
@given(expressions())
def test_python_reads_back_the_same_graph(node: Node) -> None:
    """Precedence and parentheses neither merge nor move an operation."""
    assert parsed(ast.parse(SCALARS.expression(node), mode="eval").body) == structure(node)


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (op("sub", ref("a"), op("add", ref("b"), ref("c"))), "a - (b + c)"),
        (op("sub", op("sub", ref("a"), ref("b")), ref("c")), "a - b - c"),
        (op("div", num(1), op("sub", num(1), op("pow", ref("b"), ref("t")))), "1.0 / (1.0 - b ** t)"),
        (op("neg", op("pow", ref("b"), num(2))), "-b ** 2.0"),
        (op("pow", op("neg", ref("b")), num(2)), "(-b) ** 2.0"),
        (op("sqrt", ref("lambda")), "math.sqrt(lambda_)"),
        (op("where", op("eq", ref("t"), num(1)), ref("a"), ref("b")), "(a if t == 1.0 else b)"),
        (op("and", op("not", op("lt", ref("a"), ref("b"))), op("le", ref("a"), num(2))), "not a < b and a <= 2.0"),
    ],
)
def test_scalars(node: Node, text: str) -> None:
    assert SCALARS.expression(node) == text


def test_scalars_have_a_text_for_every_operation() -> None:
    for name, arity in ARITY.items():
        arguments = [op("lt", ref("a"), ref("b")) if name in {"and", "or", "not"} else ref("a")] * arity
        if name == "where":
            arguments[0] = op("lt", ref("a"), ref("b"))
        value = eval(SCALARS.expression(op(name, *arguments)), {"math": math, "a": 0.5, "b": 0.25})
        assert isinstance(value, float | bool)
    with pytest.raises(UnsupportedError, match="PythonPrinter has no operation 'sum'"):
        SCALARS.expression(reduce("sum", ref("a")))


def test_literals_are_read_back_as_the_nearest_double() -> None:
    for value in (Fraction(1, 3), Fraction(1, 10), Fraction(10**30), Fraction(1, 10**40), Fraction(2, 7)):
        assert float(literal(value)) == value.numerator / value.denominator


def test_every_ufunc_is_one_and_every_operation_has_one() -> None:
    assert {*UFUNCS, "where"} == set(ARITY)
    for name, ufunc in UFUNCS.items():
        assert getattr(np, ufunc).nin == ARITY[name]


def test_calls_of_a_choice() -> None:
    printer = NumPyPrinter()
    choice = Placed("x", "where", (ref("c"), ref("a"), ref("b")), "x")
    assert printer.calls(choice) == ["np.copyto(x, b)", "np.copyto(x, a, where=c)"]
    assert printer.calls(Placed("b", "where", (ref("c"), ref("a"), ref("b")), "b")) == ["np.copyto(b, a, where=c)"]
    assert printer.calls(Placed("x", COPY, (num(1),), "x")) == ["np.copyto(x, 1.0)"]


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (op("div", num(1), ref("g")), "p.new_full((), 1.0) / g"),
        (op("div", ref("lr"), op("add", ref("g"), ref("eps"))), "p.new_full((), lr) / (g + eps)"),
        (op("div", ref("g"), ref("lr")), "g / lr"),
        (op("max", ref("g"), ref("lr")), "torch.maximum(g, p.new_full((), lr))"),
        (op("where", ref("first"), ref("g"), op("neg", ref("g"))), "g if first else -g"),
        (op("mul", ref("lr"), op("where", ref("first"), ref("g"), ref("p"))), "lr * (g if first else p)"),
        (op("where", op("lt", ref("g"), num(0)), num(1), ref("g")), "torch.where(g < 0.0, p.new_full((), 1.0), g)"),
        (op("and", op("lt", ref("g"), num(0)), ref("first")), "((g < 0.0) & (first))"),
    ],
)
def test_tensors(node: Node, text: str) -> None:
    assert TorchPrinter(RESERVED, ["lr", "eps", "first"]).expression(node) == text


def test_names_that_python_uses_are_kept_apart() -> None:
    assert identifier("lambda") == "lambda_"
    assert identifier("np") == "np_"
    assert identifier("max") == "max_"
    assert identifier("beta1") == "beta1"


def test_a_docstring_holds_any_text() -> None:
    text = "quotes \"\"\" and ''' and a \\ at the end \\"
    assert ast.literal_eval(f'"""{in_docstring(text)}"""') == text


@pytest.mark.parametrize(
    ("domain", "good", "bad"),
    [
        (Real, [-1e300, 0.0], [math.inf, -math.inf, math.nan]),
        (Positive, [1e-300], [0.0, -1.0, math.inf, math.nan]),
        (UnitInterval, [0.0, 0.999], [1.0, -0.1, math.nan]),
        (PositiveInteger, [1.0, 7.0], [0.0, 1.5, math.inf, math.nan]),
        (Domain(upper=Fraction(1, 2)), [0.5, -3.0], [0.75, -math.inf]),
    ],
)
def test_domains(domain: Domain, good: list[float], bad: list[float]) -> None:
    condition = compile(inside(domain, "x"), "<domain>", "eval")
    assert [eval(condition, {"math": math, "x": x}) for x in (*good, *bad)] == [True] * len(good) + [False] * len(bad)
