"""Step values leave the element statements, once each and under names that say what they are."""

from small import trace_of

from symopt.ir.nodes import num, op, ref
from symopt.ir.text import node_text
from symopt.passes.hoist import hoist

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
