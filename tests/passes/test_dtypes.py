"""Every name of a phase has a type: step values double, what varies by element the arrays', conditions bool."""

from small import trace_of

from symopt.ir.nodes import num, op, ref
from symopt.ir.program import DType
from symopt.passes.pipeline import lower


def test_a_type_for_every_name() -> None:
    step = lower(
        trace_of(
            ("first", op("eq", ref("t"), num(1))),
            ("small", op("lt", ref("g"), ref("m"))),
            ("same", ref("small")),
            ("m_new", op("mul", op("sub", num(1), ref("beta")), ref("g"))),
            ("p_new", op("where", ref("first"), op("where", ref("same"), ref("p"), ref("g")), ref("m_new"))),
        )
    ).step
    assert step.dtypes == {
        "lr": DType.DOUBLE, "beta": DType.DOUBLE, "t": DType.COUNT,
        "p": DType.ELEMENT, "g": DType.ELEMENT, "m": DType.ELEMENT,
        "first": DType.BOOL, "one_minus_beta": DType.DOUBLE,
        "small": DType.BOOL, "same": DType.BOOL, "m_new": DType.ELEMENT, "p_new": DType.ELEMENT,
    }  # fmt: skip


def test_a_point_is_an_array() -> None:
    ahead = op("add", ref("p"), ref("m"))
    point, _ = lower(trace_of(("m_new", ref("g")), ("p_new", op("sub", ref("p"), ref("g"))), point=ahead)).phases
    assert point.dtypes["point"] is DType.ELEMENT
