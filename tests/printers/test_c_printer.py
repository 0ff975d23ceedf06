"""C expressions: compiled and run, against the same graph evaluated in float64 by NumPy."""

from __future__ import annotations

import ctypes
import random
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import CONDITIONS, Node, num, op, ref
from symopt.printers.c import F32, F64, RESERVED, CPrinter, c_name

NAMES = ("a", "b", "c")
CC = shutil.which("gcc") or shutil.which("cc")
OPERATIONS = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "neg": lambda x: -x,
    "div": lambda x, y: np.float64(x) / y, "abs": abs, "sqrt": np.sqrt,
    "floor": np.floor,
    "where": lambda c, x, y: x if c else y,
    "lt": lambda x, y: x < y, "le": lambda x, y: x <= y, "eq": lambda x, y: x == y,
    "and": lambda x, y: x and y, "or": lambda x, y: x or y, "not": lambda x: not x,
}  # fmt: skip


class Floats:
    """float64 as an arithmetic of graphs."""

    def number(self, value: Fraction) -> float:
        return float(value)

    def op(self, name: str, *args: float) -> float:
        return OPERATIONS[name](*args)


def value(depth: int, rng: random.Random) -> Node:
    if depth == 0:
        return ref(rng.choice(NAMES)) if rng.random() < 0.7 else num(Fraction(rng.randint(-9, 9), rng.randint(1, 7)))
    kind = rng.choice(["add", "sub", "sub", "mul", "div", "div", "neg", "neg", "abs", "sqrt", "floor", "where"])
    if kind == "where":
        return op(kind, condition(depth - 1, rng), value(depth - 1, rng), value(depth - 1, rng))
    return op(kind, *(value(depth - 1, rng) for _ in range(1 if kind in {"neg", "abs", "sqrt", "floor"} else 2)))


def condition(depth: int, rng: random.Random) -> Node:
    kind = rng.choice(["lt", "le", "eq", "and", "or", "not"]) if depth else rng.choice(["lt", "le"])
    below = condition if kind in {"and", "or", "not"} else value
    return op(kind, *(below(max(depth - 1, 0), rng) for _ in range(1 if kind == "not" else 2)))


@pytest.mark.skipif(CC is None, reason="no C compiler")
def test_expressions_mean_in_c_what_the_graph_means(tmp_path):
    rng = random.Random(5)
    graphs = [value(4, rng) for _ in range(400)]
    printer = CPrinter(F64, "x", {})
    texts = [printer.expression(graph) for graph in graphs]
    functions = [f"double f{k}(double a, double b, double c) {{ return {text}; }}" for k, text in enumerate(texts)]
    source = tmp_path / "e.c"
    source.write_text("\n".join(["#include <math.h>", *functions]) + "\n")
    flags = ["-std=c99", "-O0", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter", "-Wno-missing-prototypes"]
    subprocess.run(
        [CC, *flags, "-ffp-contract=off", "-shared", "-fPIC", source, "-o", tmp_path / "e.so", "-lm"], check=True
    )
    library = ctypes.CDLL(str(tmp_path / "e.so"))
    points = [tuple(rng.choice([-2.5, -1.0, -0.1, 0.1, 0.3, 3.0]) for _ in NAMES) for _ in range(6)]
    for k, graph in enumerate(graphs):
        function = getattr(library, f"f{k}")
        function.argtypes, function.restype = [ctypes.c_double] * 3, ctypes.c_double
        for point in points:
            with np.errstate(all="ignore"):
                expected = evaluate([graph], dict(zip(NAMES, point, strict=True)), Floats())[0]
            np.testing.assert_array_equal(function(*point), expected, err_msg=texts[k])


def test_every_operation_of_conditions_is_printed():
    printer = CPrinter(F32, "x", {})
    a, b = op("lt", ref("a"), num(1)), op("eq", ref("b"), ref("c"))
    assert {"lt", "eq", "and", "or", "not", "le"} == CONDITIONS
    assert printer.expression(op("not", op("or", op("and", a, b), a))) == "!(((a < 1.0f && b == c) || a < 1.0f))"


def test_a_negated_negative_is_no_decrement():
    assert CPrinter(F64, "x", {}).expression(op("neg", num(-2))) == "-(-2.0)"
    assert CPrinter(F64, "x", {}).expression(op("neg", op("neg", ref("a")))) == "-(-a)"


@pytest.mark.parametrize(
    "value", [Fraction(1, 10), Fraction(1, 3), Fraction(1, 10**8), 10**20, Fraction(-7, 9), 16777217]
)
def test_a_literal_is_the_number_rounded_to_its_type(value):
    text = CPrinter(F32, "x", {}).expression(num(value))
    assert text.endswith("f")
    assert np.float32(text[:-1]) == np.float32(float(value))
    assert len(text) <= len("-1.23456789e-10f")
    assert float(CPrinter(F64, "x", {}).expression(num(value))) == float(value)


def test_a_literal_that_the_type_cannot_hold_is_refused():
    assert CPrinter(F64, "x", {}).expression(num(10**300)) == "1e+300"
    with np.errstate(over="ignore"), pytest.raises(UnsupportedError, match="too large for float"):
        CPrinter(F32, "x", {}).expression(num(10**300))


def test_functions_have_the_suffix_of_their_type():
    both = op("sqrt", op("pow", ref("a"), ref("b")))
    assert CPrinter(F32, "x", {}).expression(both) == "sqrtf(powf(a, b))"
    assert CPrinter(F64, "x", {}).expression(both) == "sqrt(pow(a, b))"
    assert CPrinter(F32, "adam", {}).expression(op("max", ref("a"), op("sign", ref("b")))) == (
        "adam_max_f32(a, adam_sign_f32(b))"
    )


def test_reserved_names_get_an_underscore_and_stay_unique():
    assert c_name("hyper") == "hyper_"
    assert c_name("sqrtf") == "sqrtf_"
    assert c_name("beta1") == "beta1"
    printed = [c_name(name) for name in sorted(RESERVED)]
    assert not set(printed) & RESERVED
    assert CPrinter(F64, "x", {"a": "a[i]"}).expression(op("mul", ref("a"), ref("class"))) == "a[i] * class_"
