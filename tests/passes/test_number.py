"""What stands twice is computed once."""

from small import trace_of

from symopt.ir.nodes import op, ref
from symopt.ir.text import node_text
from symopt.passes.number import number

SQUARE = op("mul", ref("g"), ref("g"))


def test_a_shared_expression_gets_a_statement_before_its_first_reader() -> None:
    found = number(trace_of(("m_new", op("add", ref("m"), SQUARE)), ("p_new", op("sub", ref("p"), SQUARE))))
    assert [(let.name, node_text(let.value)) for let in found.lets] == [
        ("g_g", "(mul g g)"), ("m_new", "(add m g_g)"), ("p_new", "(sub p g_g)"),
    ]  # fmt: skip


def test_a_statement_that_is_read_again_is_its_own_name() -> None:
    found = number(trace_of(("m_new", SQUARE), ("p_new", op("sub", ref("p"), SQUARE))))
    assert [node_text(let.value) for let in found.lets] == ["(mul g g)", "(sub p m_new)"]


def test_what_stands_once_is_left_alone() -> None:
    trace = trace_of(("m_new", op("add", ref("m"), SQUARE)), ("p_new", ref("p")))
    assert number(trace) == trace


def test_a_point_shares_too() -> None:
    ahead = op("add", ref("p"), op("mul", ref("lr"), ref("m")))
    found = number(trace_of(("p_new", op("sub", ahead, ref("g"))), ("m_new", ref("m")), point=ahead))
    assert node_text(found.lets[-2].value).startswith("(sub ")
    assert len(found.lets) == 3
    assert node_text(found.queries[0].point) == found.lets[0].name
