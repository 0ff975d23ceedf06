"""A broken spec is answered in one line: file and line, what is wrong, and what would be right."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import pytest

from symopt.catalogue import resolve
from symopt.errors import DomainError, SpecError, SymoptError, UsageError
from symopt.passes.tracing import trace

HEAD = "from symopt.lang import *\n\nclass Mine(Rule):\n"
DECLARED = """\
lr = Hyper(0.1, domain=NonNegative)
beta1 = Hyper(0.9, domain=UnitInterval)
amsgrad = Option(False)
m = State()
top = State(when="amsgrad")
"""
# Where the first line of a body handed to ``says`` and of declarations handed to ``declares`` ends up.
BODY, FIRST = 10, 4

Says = Callable[[str], str]


def message(target: str) -> str:
    """What is said of a target; any exception but ours fails the test."""
    with pytest.raises(SymoptError) as caught:
        trace(resolve(target))
    said = str(caught.value)
    assert "\n" not in said
    return said


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[str], str]:
    """Write a file of a rule and give its path."""

    def write(text: str) -> str:
        path = tmp_path / "mine.py"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def says(spec: Callable[[str], str]) -> Says:
    """What is said of the rule with a given body of ``update``, without the path; the line stays."""

    def run(body: str) -> str:
        path = spec(HEAD + indent(DECLARED + "def update(s):\n" + indent(body, "    "), "    ") + "\n")
        return message(path).replace(path, "mine.py")

    return run


@pytest.fixture
def declares(spec: Callable[[str], str]) -> Says:
    """What is said of the rule with given declarations and a plain update."""

    def run(declarations: str) -> str:
        path = spec(HEAD + indent(declarations, "    ") + "\n    def update(s):\n        s.p = s.p - s.g\n")
        return message(path).replace(path, "mine.py")

    return run


def test_the_unbroken_rule_passes(spec: Callable[[str], str]) -> None:
    body = "s.m = s.m + s.g\ns.p = s.p - s.lr * s.m\n"
    path = spec(HEAD + indent(DECLARED + "def update(s):\n" + indent(body, "    "), "    "))
    assert [let.name for let in trace(resolve(path)).lets] == ["m_new", "p_new"]


@pytest.mark.parametrize(
    ("body", "line", "expected"),
    [
        ("s.m = s.bta1 * s.m\ns.p = s.p", 0, "nothing is named s.bta1; did you mean beta1?"),
        ("s.m = s.g\ns.p = s.p - s.u\ns.u = s.g", 1, "s.u is read before it is assigned"),
        ("s.m = s.g\ns.lr = 1\ns.p = s.p", 1, "s.lr is fixed during a step and cannot be assigned"),
        ("s.t = s.t + 1", 0, "s.t is fixed during a step and cannot be assigned"),
        ("s.amsgrad = True", 0, "s.amsgrad is fixed during a step and cannot be assigned"),
        ("s.g = 2 * s.g", 0, "s.g is the gradient; assign s.gradient(at=...) or another name"),
        ("s.gradient = s.g", 0, "s.gradient has a meaning of its own; choose another name"),
        ("s.m = s.g\ns.g = s.gradient(at=s.p)", 1, "s.g already has a value"),
        ("s.m = s.m\nif s.m > 0:\n    s.p = s.g", 1, "a condition on values is written where(condition, a, b)"),
        ("s.m = None", 0, "s.m is given None; an expression in the names of the rule is needed"),
        ("s.m = 'g'", 0, "s.m is given 'g'; an expression in the names of the rule is needed"),
        ("s.m = True", 0, "s.m is given True; an expression in the names of the rule is needed"),
        ("s.m = [s.g]", 0, "s.m is given a list; an expression in the names of the rule is needed"),
        ("s.m = s.g > 0", 0, "s.m is a number and is given a condition; write where(condition, a, b)"),
        ("s.m = where(s.g == 0, 1, 2)", 0, "that two values are the same is written equal(a, b)"),
        ("s.m = s.g / 0", 0, "which is no real number"),
        ("s.m = sqrt(-1) * s.g", 0, "which is no real number"),
        ("import sympy\ns.m = sympy.Symbol('q')", 1, "s.m is given a symbol q that the rule does not declare"),
        ("s.m = s.top", 0, "s.top exists only with amsgrad=True"),
        ("s.top = s.m", 0, "s.top exists only with amsgrad=True"),
        ("s._m = s.g", 0, "the name '_m' is not letters and digits joined by single underscores"),
        ("s.double = s.g", 0, "the name 'double' is a keyword of C; choose another one"),
        ("setattr(s, 'lambda', s.g)", 0, "the name 'lambda' is a keyword of Python; choose another one"),
        ("s.m = undefined", 0, "NameError: name 'undefined' is not defined"),
        ("s.m = maximum(s.g)", 0, "TypeError: maximum() missing 1 required positional argument"),
        ("s.m = mean(s.g, 2)", 0, "there is no axis 2; a matrix has 0 (over rows) and 1 (over columns)"),
        ("s.m = mean(s.g, s.p)", 0, "there is no axis p; a matrix has 0 (over rows) and 1 (over columns)"),
        ("s.m = mean(s.lr)\ns.p = s.g", 0, "mean is taken over elements, and what it is given is one number"),
        ("s.m = s.g\ns.p = s.p * model_norm(s.t)", 1, "model_sum is taken over elements, and what it is given is one"),
        (
            "s.m = mean(mean(s.g, axis=1), axis=1)\ns.p = s.g",
            0,
            "mean along axis 1 of a value of shape rows x 1",
        ),
        ("s.m = matmul(s.g, s.g)\ns.p = s.g", 0, "shapes do not fit: a product of rows x cols and rows x cols"),
        (
            "s.m = s.g + transpose(s.g)\ns.p = s.g",
            0,
            "shapes do not fit element by element: rows x cols and cols x rows",
        ),
        (
            "s.m = inverse_root(s.g, 4)\ns.p = s.g",
            0,
            "inverse_root takes a square matrix, and is given one of rows x cols",
        ),
        ("s.m = inverse_root(s.g, 0)", 0, "the order of a root is a positive whole number, not 0"),
        ("s.m = inverse_root(s.g, s.t)", 0, "the order of a root is a positive whole number, not t"),
        ("s.m = inverse_root(s.g, 2.0)", 0, "the order of a root is a positive whole number, not 2.0"),
        ("s.loss = s.g", 0, "s.loss is fixed during a step and cannot be assigned"),
        ("s.uniform = s.g", 0, "s.uniform has a meaning of its own; choose another name"),
        ("s.m = s.hesian", 0, "nothing is named s.hesian"),
        ("s.m = s.g\nraise SystemExit(2)", 1, "SystemExit: 2"),
        ("s.p = s.g\ns.m = where(s.g, 1, 2)", 1, "m_new mixes values and conditions in where"),
        ("s.c = s.g > 0\ns.m = s.g\ns.p = s.p * s.c", 2, "p_new mixes values and conditions in mul"),
        ("s.m = s.g\nfrom sympy import Float\ns.p = Float('1e400') * s.m", 2, "Float is no operation"),
        ("import math\ns.m = math.sqrt(s.g)", 1, "use the functions of symopt.lang"),
        ("import numpy\ns.m = numpy.sqrt(s.g)", 1, "use the functions of symopt.lang"),
        ("import sympy\ns.m = s.g\ns.p = sympy.gamma(s.g)", 2, "gamma is no operation of an update rule"),
    ],
)
def test_a_line_of_update(says: Says, body: str, line: int, expected: str) -> None:
    said = says(body)
    assert said.startswith(f"mine.py:{BODY + line}: ")
    assert expected in said


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("s.p = s.p - s.g", "s.m is a state and is never assigned"),
        ("s.m = s.g", "s.p is the parameter and is never assigned"),
    ],
)
def test_what_is_missing_is_said_of_the_update(says: Says, body: str, expected: str) -> None:
    assert says(body) == f"mine.py:{BODY - 1}: mine: {expected}"


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ("beta = Hyper(1, domain=UnitInterval)", "beta = 1 is outside its domain: 0 <= beta < 1"),
        ("n = Hyper(0.5, domain=PositiveInteger)", "n = 0.5 is outside its domain: 1 <= n, an integer"),
        ("lr = Hyper('0.1')", "the default '0.1' is not a finite number"),
        ("lr = Hyper(float('nan'))", "the default nan is not a finite number"),
        ("lr = Hyper(10**400 * 1.0 if False else float('inf'))", "the default inf is not a finite number"),
        ("lr = Hyper(0.1, NonNegative)", "is no text; a domain is written domain=..."),
        ("lr = Hyper(0.1, domain=(0, 1))", "the domain (0, 1) is not a Domain"),
        ("p = State()", "p, g, t, loss, hessian, rows, cols, size have a meaning of their own; choose another name"),
        ("g = State()", "p, g, t, loss, hessian, rows, cols, size have a meaning of their own; choose another name"),
        ("t = Hyper(1)", "p, g, t, loss, hessian, rows, cols, size have a meaning of their own; choose another name"),
        ("double = State()", "the name 'double' is a keyword of C; choose another one"),
        ("vars()['lambda'] = Hyper(1)", "the name 'lambda' is a keyword of Python; choose another one"),
        ("a__b = Hyper(1)", "the name 'a__b' is not letters and digits joined by single underscores"),
        ("größe = Hyper(1)", "the name 'größe' is not letters and digits joined by single underscores"),
        ("title = Hyper(1)", "every rule has an attribute title; choose another name"),
        ("m = State(init='n')", "no initial value is called 'n'; known: p"),
        ("beta = Hyper(0)\nm = State(init='bta')", "no initial value is called 'bta'; did you mean beta?"),
        ("m = State(init=None)", "the initial value None is neither a finite number nor a name"),
        ("nesterov = Option(False)\nm = State(when='nestrov')", "no option 'nestrov'; did you mean nesterov?"),
        ("a = Option(False, needs='b')", "there is no option 'b'"),
        ("a = Option(False, excludes='b')", "there is no option 'b'"),
        ("kind = Option('x', choices=('y', 'z'))", "the default 'x' is none of its choices ('y', 'z')"),
    ],
)
def test_a_declaration(declares: Says, declaration: str, expected: str) -> None:
    said = declares(declaration)
    assert re.match(r"mine\.py:3: Mine\.[^ ]+: ", said)
    assert expected in said


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a b", "the name 'a b' is not letters and digits joined by single underscores"),
        ("", "the name '' is not letters"),
        ("1st", "the name '1st' is not letters"),
        ("int", "the name 'int' is a keyword of C"),
        ("class", "the name 'class' is a keyword of Python"),
    ],
)
def test_the_name_of_a_rule(spec: Callable[[str], str], name: str, expected: str) -> None:
    path = spec(f"from symopt.lang import *\nclass Mine(Rule, name={name!r}):\n    pass\n")
    said = message(path)
    assert said.startswith(f"{path}:2: Mine(..., name=...): ")
    assert expected in said


def test_a_rule_without_update(spec: Callable[[str], str]) -> None:
    assert message(spec(HEAD + "    update = 3\n")) == "mine: Mine has no method update(s)"
    assert message(spec(HEAD + "    m = State()\n")) == "mine: Mine has no method update(s)"


OPTIONS = """\
    a = Option(False, needs="b")
    b = Option(False)
    c = Option(False, excludes="b")
    kind = Option("x", choices=("x", "y"))
    lr = Hyper(0.1, domain=NonNegative)
    decay = Hyper(0.1, when="b")
    def update(s):
        s.p = s.p - s.lr * s.g
"""


@pytest.mark.parametrize(
    ("fixed", "expected"),
    [
        ("d=True", "mine has no option or hyper-parameter 'd'; known: a, b, c, kind, lr, decay"),
        ("dcay=1", "mine has no option or hyper-parameter 'dcay'; did you mean decay?"),
        ("kind='z'", "mine: kind = 'z'; choices: 'x', 'y'"),
        ("a=1", "mine: a = 1; choices: False, True"),
        ("a=True", "mine: a needs b=True"),
        ("b=True,c=True", "mine: c and b exclude each other"),
        ("decay=1", "mine: decay exists only with b=True"),
        ("lr=True", "mine: lr = True; a hyper-parameter takes a number or a schedule"),
        ("lr='1'", "mine: lr = '1'; a hyper-parameter takes a number or a schedule"),
        ("lr=1e999", "mine: lr = inf; a hyper-parameter takes a number or a schedule"),
        ("lr=1j", "mine: lr = 1j; a hyper-parameter takes a number or a schedule"),
    ],
)
def test_a_choice(spec: Callable[[str], str], fixed: str, expected: str) -> None:
    path = spec(HEAD + OPTIONS)
    assert message(f"{path}[{fixed}]") == expected
    with pytest.raises(UsageError):
        resolve(f"{path}[{fixed}]")


def test_a_setting_outside_its_domain() -> None:
    assert message("adam[beta1=1]") == "adam: beta1 = 1 is outside its domain: 0 <= beta1 < 1"
    with pytest.raises(DomainError):
        resolve("adam[beta1=1]")


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("x = 1\nclass Mine(Rule:\n", 2, "SyntaxError"),
        ("x = 1\n\nimport no_such_module_anywhere\n", 3, "No module named 'no_such_module_anywhere'"),
        ("def f():\n    return 1 / 0\n\nf()\n", 2, "ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit: 3"),
        ("from symopt.lang import Ruel\n", 1, "cannot import name 'Ruel'"),
    ],
)
def test_a_file_that_does_not_run(spec: Callable[[str], str], text: str, line: int, expected: str) -> None:
    path = spec(text)
    said = message(path)
    assert said.startswith(f"{path}:{line}: ")
    assert expected in said
    with pytest.raises(SpecError):
        resolve(path)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    assert message(f"{tmp_path}/missing.py") == f"no file {tmp_path}/missing.py"
    assert message("a" * 5000 + ".py").startswith("no file aaa")
    assert message("a\0.py").startswith("no file a")
    folder = tmp_path / "folder.py"
    folder.mkdir()
    assert message(str(folder)) == f"{folder} is a folder; a target is a file"


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "latin.py"
    path.write_bytes('x = "größe"\n'.encode("latin-1"))
    said = message(str(path))
    assert said.startswith(f"{path}:")
    assert "utf-8" in said


def test_a_file_with_a_byte_of_zero(tmp_path: Path) -> None:
    path = tmp_path / "zero.py"
    path.write_bytes(b"x = 1\0\n")
    assert "null bytes" in message(str(path))


def test_a_file_without_a_rule(spec: Callable[[str], str]) -> None:
    path = spec("from symopt.lang import Rule\n")
    assert message(path) == f"{path} defines no subclass of symopt.Rule"


def test_a_file_with_several_rules(spec: Callable[[str], str]) -> None:
    rule = "class {}(Rule):\n    def update(s):\n        s.p = s.p - s.g\n"
    path = spec("from symopt.lang import Rule\n" + rule.format("First") + rule.format("Second"))
    assert message(path) == f"{path} defines several rules; add one after a colon; known: First, Second"
    assert message(f"{path}:Frist") == f"{path} defines no rule 'Frist'; did you mean First?"
    assert resolve(f"{path}:Second").name == "second"
