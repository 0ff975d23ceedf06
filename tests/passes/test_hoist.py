"""What varies less leaves the statements that vary more, once each and under names that say what it is."""

from small import trace_of

from symopt.ir.nodes import Node, Op, num, op, reduce, ref
from symopt.ir.rate import Rate, let_rates, rate_of
from symopt.ir.shape import let_shapes
from symopt.ir.text import node_text
from symopt.ir.trace import Trace
from symopt.lang import Rule, State, matmul, mean, model_norm, norm, sqrt, transpose
from symopt.passes.hoist import hoist
from symopt.passes.tracing import trace

ONE_MINUS = op("sub", num(1), ref("beta"))


def texts(*lets: tuple[str, object]) -> dict[str, str]:
    found = hoist(trace_of(*lets))  # type: ignore[arg-type]
    return {let.name: node_text(let.value) for let in found.lets}


def test_a_step_value_is_computed_once_before_it_is_read() -> None:
    found = texts(("m_new", op("mul", ONE_MINUS, ref("g"))), ("p_new", op("mul", ONE_MINUS, ref("p"))))
    assert found == {
        "one_minus_beta": "(sub 1 beta)",
        "m_new": "(mul one_minus_beta g)",
        "p_new": "(mul one_minus_beta p)",
    }
    assert next(iter(found)) == "one_minus_beta"


def test_a_step_value_that_has_a_name_keeps_it() -> None:
    found = texts(("rest", ONE_MINUS), ("m_new", op("mul", ONE_MINUS, ref("g"))), ("p_new", ref("p")))
    assert found["m_new"] == "(mul rest g)"


def test_a_new_name_takes_none_that_is_there() -> None:
    found = texts(("one_minus_beta", ref("g")), ("m_new", op("mul", ONE_MINUS, ref("g"))), ("p_new", ref("p")))
    assert found["one_minus_beta1"] == "(sub 1 beta)"


def test_numbers_and_names_stay_where_they_are() -> None:
    found = texts(("m_new", op("add", op("mul", ref("lr"), ref("g")), num(2))), ("p_new", ref("p")))
    assert found["m_new"] == "(add (mul lr g) 2)"


ROW, COL = reduce("mean", ref("g"), 1), reduce("mean", ref("g"), 0)


def rated(*lets: tuple[str, Node]) -> list[tuple[str, str]]:
    """The statements but for the new values, with their rates."""
    return rates_of(hoist(trace_of(*lets, ("m_new", ref("g")), ("p_new", ref("p")))))[:-2]


def rates_of(found: Trace) -> list[tuple[str, str]]:
    rates = let_rates(found)
    return [(node_text(let.value), rates[let.name].name or "") for let in found.lets]


def test_a_number_of_the_tensor_and_a_row_and_a_column_of_values_leave_the_elements() -> None:
    length = op("sqrt", reduce("sum", op("mul", ref("g"), ref("g"))))
    found = rated(("x", op("mul", op("mul", ref("g"), op("sqrt", ROW)), op("mul", op("sqrt", COL), length))))
    assert ("(sqrt (mean1 g))", "ROW") in found
    assert ("(sqrt (sum (mul g g)))", "TENSOR") in found
    # A column of values times a number is a column of values.
    assert found[-2] == ("(mul (sqrt (mean0 g)) sqrt_sum_g_g)", "COL")
    assert found[-1][1] == "ELEMENT"


def test_a_number_inside_a_row_of_values_leaves_it() -> None:
    found = rated(("x", op("mul", ref("g"), op("mul", op("sub", num(1), ref("beta")), ROW))))
    assert found[0] == ("(sub 1 beta)", "STEP")
    assert found[1][1] == "ROW"
    assert "(sub 1 beta)" not in found[1][0]


def test_a_number_is_computed_in_one_statement_but_for_what_is_done_by_element() -> None:
    total = reduce("sum", op("mul", op("sub", num(1), ref("beta")), ref("g")))
    assert rated(("x", op("mul", op("mul", num(2), ref("lr")), op("sqrt", total)))) == [
        ("(sub 1 beta)", "STEP"), ("(mul (mul 2 lr) (sqrt (sum (mul one_minus_beta g))))", "TENSOR"),
    ]  # fmt: skip


def test_a_value_of_the_step_may_be_named_after_it_is_read() -> None:
    found = texts(("m_new", op("mul", ONE_MINUS, ref("g"))), ("rest", ONE_MINUS), ("p_new", ref("p")))
    assert list(found.items()) == [("rest", "(sub 1 beta)"), ("m_new", "(mul rest g)"), ("p_new", "p")]


class OuterProduct(Rule):
    """A quotient of an outer product by a number of the model, and a product of matrices."""

    row, col = State(), State()

    def update(s) -> None:
        s.row = mean(s.g**2, axis=1)
        s.col = mean(s.g**2, axis=0)
        s.u = s.g / sqrt(s.row * s.col / mean(s.row))
        s.p = s.p - s.u / model_norm(s.g) * norm(matmul(s.g, transpose(s.g)) + sqrt(s.row))


def test_after_it_no_operation_varies_less_than_its_statement() -> None:
    found = hoist(trace(OuterProduct))
    rates, shapes = let_rates(found), let_shapes(found)
    assert {rates[let.name].name for let in found.lets} == {"MODEL", "TENSOR", "ROW", "COL", "ELEMENT"}
    for let in found.lets:
        if rates[let.name] > Rate.TENSOR:
            inner = [arg for arg in let.value.args if isinstance(arg, Op)]
            assert all(rates[let.name].within(rate_of(arg, rates, shapes)) for arg in inner), node_text(let.value)
