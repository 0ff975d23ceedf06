"""Statements that nothing needs go away."""

from small import trace_of

from symopt.ir.nodes import op, ref
from symopt.passes.dead import drop_dead


def test_what_no_result_needs_goes_with_all_that_only_it_needs() -> None:
    trace = trace_of(
        ("a", op("neg", ref("g"))), ("b", op("neg", ref("a"))), ("c", op("neg", ref("m"))),
        ("m_new", ref("c")), ("p_new", ref("p")),
    )  # fmt: skip
    assert [let.name for let in drop_dead(trace).lets] == ["c", "m_new", "p_new"]


def test_what_a_point_needs_stays() -> None:
    trace = trace_of(("y", op("neg", ref("p"))), ("p_new", ref("g")), ("m_new", ref("m")), point=ref("y"))
    assert [let.name for let in drop_dead(trace).lets] == ["y", "p_new", "m_new"]
