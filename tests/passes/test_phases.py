"""A trace becomes a program: points first, step values apart from elements, arrays read or written."""

import pytest
from small import trace_of

from symopt.ir.nodes import num, op, ref
from symopt.ir.program import DType
from symopt.lang import Expr, Hyper, Rule, State, matmul, mean, model_norm, norm, transpose
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace


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


def names(rule: type[Rule]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    return [(phase.name, phase.writes, phase.reads) for phase in lower(trace(rule)).phases]


def test_several_points_have_a_phase_each_which_reads_the_gradients_known_by_then() -> None:
    class Twice(Rule):
        b = State()

        def update(s) -> None:
            s.first = s.gradient(at=s.p + s.b)
            s.second = s.gradient(at=s.p - s.first)
            s.b = s.first + s.second
            s.p = s.p - s.b

    assert names(Twice) == [
        ("point1", ("point1",), ("p", "b")),
        ("point2", ("point2",), ("p", "first")),
        ("step", ("p", "b"), ("first", "second")),
    ]


def test_a_statement_of_the_rule_may_be_called_point() -> None:
    class Named(Rule):
        mu = Hyper(0.9)
        b = State()

        def update(s) -> None:
            s.point = 2 * s.mu
            s.g = s.gradient(at=s.p + s.point * s.b)
            s.b = s.point * s.b - s.g
            s.p = s.p + s.b

    point, step = lower(trace(Named)).phases
    (array,) = point.writes
    assert array not in {"point", *(let.name for let in point.scalars)}
    assert [store.array for store in point.sweeps[0].stores] == [array]
    assert [let.name for let in point.scalars] == [let.name for let in step.scalars] == ["point"]


class Counted(Rule):
    """States of every kind that is no array, and one that is."""

    product, everywhere, extent, m = State(1), State(), State(), State()

    def update(s) -> None:
        s.product = s.product * 0.9
        s.everywhere = s.everywhere + model_norm(s.g)
        s.extent = s.extent + norm(s.g)
        s.m = s.m + s.g / s.extent
        s.p = s.p - s.m * s.product / s.everywhere


def test_states_that_are_one_number_are_no_arrays() -> None:
    step = lower(trace(Counted)).step
    assert (step.writes, step.reads) == (("p", "m"), ("g",))
    assert step.numbers == ("product", "everywhere", "extent")
    assert {store.array for store in step.number_stores} == {*step.numbers}
    assert {step.dtypes[name] for name in ("product", "everywhere", "extent", "extent_new")} == {DType.DOUBLE}


def test_a_point_does_not_decide_what_a_state_is() -> None:
    """The momentum is an array in the phase that reads it only, and a number of the step is a number there too."""

    class Ahead(Rule):
        b, product = State(), State(1)

        def update(s) -> None:
            s.g = s.gradient(at=s.p + s.product * s.b)
            s.product = s.product / 2
            s.b = s.b / 2 - s.g
            s.p = s.p + s.b

    point, step = lower(trace(Ahead)).phases
    assert (point.reads, point.numbers, point.number_stores) == (("p", "b"), ("product",), ())
    assert (step.writes, step.numbers) == (("p", "b"), ("product",))


def test_what_a_step_is_given_is_an_array_or_a_number() -> None:
    class Given(Rule):
        def update(s) -> None:
            s.p = s.p - s.loss * s.g / s.hessian + s.uniform() * s.size

    program = lower(trace(Given))
    assert program.step.reads == ("g", "hessian", "draw1")
    assert program.step.numbers == ()
    assert not program.has_axes
    assert not program.over_model


@pytest.mark.parametrize(
    ("expression", "has_axes", "over_model"),
    [
        (lambda s: s.g, False, False),
        (lambda s: norm(s.g) * s.g, False, False),
        (lambda s: model_norm(s.g) * s.g, False, True),
        (lambda s: mean(s.g, axis=0) * s.g, True, False),
        (lambda s: s.g * s.rows / s.cols, True, False),
        (lambda s: s.g * s.size, False, False),
        (lambda s: matmul(matmul(s.g, transpose(s.g)), s.g), True, False),
    ],
)
def test_what_a_program_asks_of_its_tensors(expression: Expr, has_axes: bool, over_model: bool) -> None:
    class Holder(Rule):
        def update(s) -> None:
            s.p = s.p - expression(s)

    program = lower(trace(Holder))
    assert (program.has_axes, program.over_model) == (has_axes, over_model)
