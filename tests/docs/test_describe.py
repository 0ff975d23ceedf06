"""How documents speak of states: what each has one value for, in every format."""

from __future__ import annotations

import json

import symopt
from symopt.docs.describe import extents
from symopt.docs.page import rule_page
from symopt.lang import Rule, State, matmul, mean, model_norm, norm, transpose, wide


class Kinds(Rule):
    """States of every kind."""

    step, model, tensor, row, col = State(1), State(), State(), State(), State()
    plain, square, narrow = State(), State(), State()

    def update(s) -> None:
        s.step = s.step / 2
        s.model = s.model + model_norm(s.g)
        s.tensor = s.tensor + norm(s.g)
        s.row = s.row + mean(s.g, axis=1)
        s.col = s.col + mean(s.g, axis=0)
        s.plain = s.plain + s.g
        s.square = s.square + matmul(s.g, transpose(s.g))
        s.narrow = s.narrow + matmul(wide(s.g), transpose(wide(s.g)))
        s.p = s.p - s.g


EXPECTED = {
    "step": "one number", "model": "one number", "tensor": "one number a tensor", "row": "one number a row",
    "col": "one number a column", "plain": "", "square": "rows × rows", "narrow": "short × short",
}  # fmt: skip


def test_what_a_state_has_one_value_for() -> None:
    assert extents(symopt.trace(Kinds)) == EXPECTED


def test_the_text_and_the_page_say_it_where_it_is_not_the_shape_of_the_parameter() -> None:
    shown = symopt.show(Kinds)
    assert "\n  row    = 0  one number a row\n" in shown
    assert "\n  plain  = 0\n" in shown
    page = rule_page(Kinds())
    for extent in filter(None, EXPECTED.values()):
        assert f'<span class="note">{extent}</span>' in page


def test_the_document_has_shapes_and_what_a_step_is_given() -> None:
    class Given(Rule):
        def update(s) -> None:
            s.p = s.p - s.loss * s.g * s.uniform() / s.size

    states = {state["name"]: state["shape"] for state in json.loads(symopt.show(Kinds, "json"))["states"]}
    assert (states["step"], states["row"], states["square"]) == ("1 x 1", "rows x 1", "rows x rows")
    found = json.loads(symopt.show(Given, "json"))
    assert (found["given"], found["draws"]) == (["loss", "size"], ["draw1"])
