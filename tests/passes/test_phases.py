"""A trace becomes a program: points first, step values apart from elements, arrays read or written."""

import pytest
from small import trace_of

from symopt.errors import UnsupportedError
from symopt.ir.nodes import num, op, reduce, ref
from symopt.ir.program import DType
from symopt.passes.phases import to_program
from symopt.passes.pipeline import lower


def test_a_step_is_split_by_rate() -> None:
    step = lower(
        trace_of(
            ("m_new", op("mul", op("sub", num(1), ref("beta")), ref("g"))),
            ("p_new", op("where", op("eq", ref("t"), num(1)), ref("p"), ref("m_new"))),
        )
    ).step
    assert [let.name for let in step.scalars] == ["one_minus_beta", "t_is_one"]
    assert step.uniforms == ("one_minus_beta", "t_is_one")
    assert [n for n, dtype in step.dtypes.items() if dtype is DType.BOOL] == ["t_is_one"]
    assert (step.writes, step.reads) == (("p", "m"), ("g",))
    assert [let.name for let in step.sweeps[0].body] == ["m_new", "p_new"]


def test_a_point_has_a_phase_that_reads_no_gradient() -> None:
    ahead = op("add", ref("p"), ref("m"))
    program = lower(trace_of(("m_new", ref("g")), ("p_new", op("sub", ref("p"), ref("g"))), point=ahead))
    point, step = program.phases
    assert (point.name, point.writes, point.reads) == ("point", ("point",), ("p", "m"))
    assert step.name == "step"
    assert step.reads == ("g",)


def test_a_gradient_at_the_parameter_needs_no_phase() -> None:
    program = lower(trace_of(("m_new", ref("g")), ("p_new", ref("p"))))
    assert [phase.name for phase in program.phases] == ["step"]


def test_reductions_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="small: kernels of rules with sum"):
        to_program(trace_of(("m_new", op("mul", ref("g"), reduce("sum", ref("g")))), ("p_new", ref("p"))))
