"""What is printed means what the graph says: both kinds of dress are read back by Python's grammar and computed.

Text on the line is Python already. MathML is turned into Python element by element, without looking at
the graph: fractions, powers, roots and fences become parentheses, so only missing parentheses can go wrong.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symopt.docs.reading import read
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError
from symopt.ir.nodes import ARITY, Node, num, op, ref
from symopt.printers import mathml, text
from symopt.printers.symbols import Symbol

VALUES = {"a": Fraction(3, 2), "b": Fraction(-2, 7), "c": Fraction(5), "d": Fraction(1, 3)}
# c has a superscript and d a subscript, which an exponent must not run into.
SYMBOLS = {"a": Symbol(("a",)), "b": Symbol(("b",)), "c": Symbol(("c",), sup=("max",)), "d": Symbol(("d",), index="t")}
NUMBERS = [
    *map(Fraction, (0, 1, 2, 3, 10, -4)),
    *(Fraction(*ratio) for ratio in ((1, 2), (-1, 3), (1, 10**8), (5, 2 * 10**8))),
]


def exponents() -> st.SearchStrategy[Node]:
    return st.sampled_from([num(2), num(3), num(-1), op("neg", num(2)), op("add", num(1), num(1))])


@st.composite
def expressions(draw: st.DrawFn, depth: int = 4) -> Node:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*map(ref, VALUES), *map(num, NUMBERS)]))
    name = draw(st.sampled_from(["add", "sub", "mul", "div", "neg", "pow", "abs", "max", "min", "floor"]))
    if name == "pow":
        return op("pow", draw(expressions(depth - 1)), draw(exponents()))
    return op(name, *(draw(expressions(depth - 1)) for _ in range(ARITY[name])))


def value(node: Node) -> Fraction | None:
    """The value of an expression; None where it is undefined somewhere."""
    try:
        result = evaluate([node], VALUES, ScalarArithmetic())[0]
    except (UndecidedError, OverflowError):
        return None
    return result if isinstance(result, Fraction) else None


def as_python(element: ElementTree.Element) -> str:
    """Presentation MathML as Python; what is one element is one operand."""
    inner = [as_python(child) for child in element]
    match element.tag:
        case "mn":
            return f"{element.text}"
        case "mi":
            return {"ln": "log"}.get(element.text or "", element.text or "")
        case "mo":
            return OPERATORS.get(element.text or "", element.text or "")
        case "mfrac":
            return f"(({inner[0]})/({inner[1]}))"
        case "msup" if (name := plain(element[1])) is not None and not name.isdigit() and len(name) > 1:
            return inner[0]  # the superscript of a symbol
        case "msup":
            return f"{group(element[0])}**({inner[1]})"
        case "msub":
            return inner[0]
        case "msubsup":
            return f"{inner[0]}**({inner[2]})"
        case "msqrt":
            return f"sqrt({''.join(inner)})"
    text = "".join(inner)
    fence = [child.text for child in element if child.tag == "mo"]
    if element.tag == "mrow" and fence[:1] and fence[0] == fence[-1] == "|" and len(inner) > 2:
        return f"abs({''.join(inner[1:-1])})"
    if element.tag == "mrow" and fence[:1] == ["⌊"]:
        return f"floor({''.join(inner[1:-1])})"
    return text


OPERATORS = {"⁢": "*", "·": "*", "⁡": "", "−": "-"}


def plain(element: ElementTree.Element) -> str | None:
    """The text of a single word or number inside rows."""
    while element.tag == "mrow" and len(element) == 1:
        element = element[0]
    return element.text if element.tag in ("mi", "mn") else None


def group(element: ElementTree.Element) -> str:
    """The base of a power: what is raised is the last element only, as a reader of the page sees it."""
    while element.tag == "mrow" and len(element) == 1:
        element = element[0]
    assert element.tag != "mrow" or element[0].tag == "mo", "a power of a bare row"
    assert element.tag != "msup", "a power of something raised"
    return as_python(element)


@given(expressions())
@settings(max_examples=300, deadline=None)
def test_text_on_the_line_means_the_expression(node: Node) -> None:
    written = text.expression(node, ascii=True)
    again = read(written)
    assert again is not None, written
    assert value(again) == value(node), written


@given(expressions())
@settings(max_examples=300, deadline=None)
def test_stacked_mathematics_means_the_expression(node: Node) -> None:
    elements = ElementTree.fromstring(f"<math>{mathml.expression(node, SYMBOLS)}</math>")
    written = as_python(elements)
    again = read(written)
    assert again is not None, written
    assert value(again) == value(node), written


A, B, C = map(ref, "abc")


@pytest.mark.parametrize(
    ("node", "written"),
    [
        (op("sub", A, op("sub", B, C)), "a - (b - c)"),
        (op("sub", op("sub", A, B), C), "a - b - c"),
        (op("mul", A, op("neg", B)), "a*(-b)"),
        (op("pow", op("neg", A), num(2)), "(-a)**2"),
        (op("neg", op("pow", A, num(2))), "-a**2"),
        (op("div", A, op("mul", B, C)), "a/(b*c)"),
        (op("pow", A, op("pow", B, C)), "a**(b**c)"),
        (op("max", op("max", A, B), C), "max(a, b, c)"),
        (op("not", op("eq", A, B)), "a != b"),
        (op("not", op("le", A, B)), "a > b"),
        (op("not", op("and", op("lt", A, B), op("le", B, C))), "not (a < b and b <= c)"),
        (op("and", op("or", op("lt", A, B), op("eq", A, C)), op("lt", B, C)), "(a < b or a == c) and b < c"),
        (
            op("where", op("eq", A, num(1)), B, op("where", op("lt", A, B), C, A)),
            "where(a == 1, b, where(a < b, c, a))",
        ),
    ],
)
def test_parentheses_stand_where_they_are_needed(node: Node, written: str) -> None:
    assert text.expression(node, ascii=True) == written
