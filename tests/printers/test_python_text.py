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
from symopt.ir.nodes import ARITY, MATRIX_OPS, Node, Num, Op, Reduce, Ref, matop, num, op, reduce, ref
from symopt.ir.shape import ELEMENT, PER_ROW, SCALAR
from symopt.lang import Domain, Positive, PositiveInteger, Real, UnitInterval
from symopt.passes.buffers import Placed
from symopt.passes.linearise import ACCUMULATE, COPY
from symopt.printers.numpy import UFUNCS, NumPyPrinter
from symopt.printers.numpy_arrays import NumPyArrays, NumPyNumbers
from symopt.printers.python import RESERVED, Names, PythonPrinter, identifier, in_docstring, inside, literal
from symopt.printers.torch import TorchArrays, TorchNumbers, TorchPrinter

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


SHAPES = {"g": ELEMENT, "row": PER_ROW, "lr": SCALAR, "c": SCALAR, "first": SCALAR, "less": ELEMENT}
WHOLE = Names(frozenset({"lr", "first"}), frozenset({"c"}), frozenset({"less"}), SHAPES)
LESS = op("lt", ref("g"), num(0))


@pytest.mark.parametrize(
    ("node", "numpy", "pytorch"),
    [
        (op("mul", ref("lr"), op("mul", ref("g"), ref("c"))), "lr * (g * real(c))", "lr * (g * c)"),
        (op("max", ref("row"), ref("g")), "np.maximum(row, g)", "torch.maximum(row, g)"),
        (
            op("where", LESS, ref("g"), num(1)),
            "np.where(g < 0.0, g, real(1.0))",
            "torch.where(g < 0.0, g, p.new_full((), 1.0))",
        ),
        (op("where", ref("first"), ref("g"), op("neg", ref("g"))), "(g if first else -g)", "g if first else -g"),
        (
            op("where", ref("first"), num(0), ref("g")),
            "(np.full(p.shape, 0.0, p.dtype) if first else g)",
            "p.new_full(p.shape, 0.0) if first else g",
        ),
        (
            op("where", ref("first"), ref("row"), ref("g")),
            "(np.broadcast_to(row, p.shape) if first else g)",
            "row.expand(p.shape) if first else g",
        ),
        (
            op("where", ref("first"), num(0), ref("row")),
            '(np.full(_shape(p, "rows x 1"), 0.0, p.dtype) if first else row)',
            'p.new_full(_shape(p, "rows x 1"), 0.0) if first else row',
        ),
    ],
)
def test_whole_arrays(node: Node, numpy: str, pytorch: str) -> None:
    assert NumPyArrays(RESERVED, WHOLE).expression(node) == numpy
    assert TorchArrays(RESERVED, WHOLE).expression(node) == pytorch


@pytest.mark.parametrize(
    ("node", "numpy", "pytorch"),
    [
        (
            reduce("sum", op("mul", ref("g"), ref("g"))),
            "np.float64(np.sum(np.square(_double(g))))",
            "torch.sum(torch.square(g.double()))",
        ),
        (
            reduce("mean", op("where", ref("less"), ref("g"), num(Fraction(1, 10))), 1),
            "np.mean(np.where(less, _double(g), 0.1), axis=1, keepdims=True).astype(p.dtype)",
            "torch.mean(torch.where(less, g.double(), p.new_full((), 0.1, dtype=torch.float64)), dim=1, keepdim=True)"
            ".to(p.dtype)",
        ),
        (reduce("amax", ref("g"), 0), "np.amax(g, axis=0, keepdims=True)", "torch.amax(g, dim=0, keepdim=True)"),
        (reduce("amin", ref("row")), "np.float64(np.amin(row))", "torch.amin(row).double()"),
    ],
)
def test_reductions_are_taken_in_double_precision(node: Reduce, numpy: str, pytorch: str) -> None:
    assert NumPyArrays(RESERVED, WHOLE).reduction(node) == numpy
    assert TorchArrays(RESERVED, WHOLE).reduction(node) == pytorch


@pytest.mark.parametrize(
    ("node", "numpy", "pytorch"),
    [
        (op("sqrt", ref("lr")), "math.sqrt(lr)", "math.sqrt(lr)"),
        (op("div", num(1), op("sqrt", ref("c"))), "1.0 / np.sqrt(c)", "_double(1.0) / torch.sqrt(c)"),
        (
            op("max", op("sub", num(1), ref("lr")), ref("c")),
            "np.maximum(1.0 - lr, c)",
            "torch.maximum(_double(1.0 - lr), c)",
        ),
        (
            op("where", ref("first"), num(0), ref("c")),
            "(np.float64(0.0) if first else c)",
            "_double(0.0) if first else c",
        ),
        (
            op("where", op("lt", num(0), ref("c")), num(1), ref("c")),
            "(np.float64(1.0) if 0.0 < c else c)",
            "torch.where(0.0 < c, _double(1.0), c)",
        ),
    ],
)
def test_numbers_that_depend_on_elements(node: Node, numpy: str, pytorch: str) -> None:
    """No value of theirs is an error: Python's own division by zero would be one."""
    assert NumPyNumbers(RESERVED, ["lr", "first"]).expression(node) == numpy
    assert TorchNumbers(RESERVED, ["lr", "first"]).expression(node) == pytorch


def test_operations_on_matrices() -> None:
    gram = matop("matmul", ref("g"), matop("transpose", ref("g")))
    assert NumPyArrays(RESERVED, WHOLE).product(gram) == "np.matmul(g, g.T)"
    assert TorchArrays(RESERVED, WHOLE).product(gram) == "torch.matmul(g, g.T)"
    for name, arity in MATRIX_OPS.items():
        assert NumPyArrays(RESERVED, WHOLE).product(matop(name, *[ref("g")] * arity))
        assert TorchArrays(RESERVED, WHOLE).product(matop(name, *[ref("g")] * arity))


def test_calls_in_double_precision() -> None:
    printer = NumPyPrinter()
    square = Placed("tmpwide1", "mul", (ref("g"), ref("g")), "x", wide=True)
    assert printer.calls(square) == ["np.multiply(g, g, out=tmpwide1, dtype=np.float64)"]
    less = Placed("tmpmask1", "lt", (ref("g"), num(Fraction(1, 10))), "x", wide=True)
    assert printer.calls(less) == ['np.less(g, 0.1, out=tmpmask1, signature="dd->?")']
    assert printer.calls(Placed("x", ACCUMULATE, (ref("tmpwide1"),), "x")) == ["x.add(tmpwide1)"]
    out, mask = np.empty(2), np.empty(2, np.bool_)
    single = np.array([0.1, 1.0], np.float32)
    for line in printer.calls(square) + printer.calls(less):
        eval(line, {"np": np, "g": single, "tmpwide1": out, "tmpmask1": mask})
    assert out.tolist() == [float(single[0]) ** 2, 1.0]
    assert mask.tolist() == [False, False]  # the float nearest to 0.1 is larger; as floats they would be equal
