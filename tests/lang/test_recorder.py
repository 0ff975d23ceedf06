"""What a recording keeps of ``update``, in order."""

from __future__ import annotations

import inspect

import pytest

from symopt.errors import SpecError
from symopt.lang import Expr, Hyper, Option, Rule, Schedule, State
from symopt.lang.recorder import Recording, record


class Momentum(Rule):
    """Assigns m twice and a local once."""

    lr, beta = Hyper(1), Hyper(2)
    heavy = Option(False)
    m = State()
    heavy_m = State(when="heavy")

    def update(s) -> None:
        s.m = s.beta * s.m
        s.m = s.m + s.g
        if s.heavy:
            s.heavy_m = s.m
        s.u = s.lr * s.m
        s.p = s.p - s.u


class Ahead(Rule):
    """Asks for a gradient away from the parameter."""

    lr = Hyper(1)

    def update(s) -> None:
        s.y = s.p + s.lr
        s.ahead = s.gradient(at=s.y)
        s.p = s.y - s.ahead


class Half(Schedule):
    """Half the value."""

    steps = Hyper(7)

    def value(s) -> Expr:
        return s.base / s.steps + s.t


def text(recording: Recording) -> list[str]:
    return [f"{statement.symbol} = {statement.value}" for statement in recording.statements]


def test_statements_have_versions_and_read_the_latest_one() -> None:
    recording = record(Momentum())
    assert text(recording) == ["m@1 = beta*m", "m@2 = g + m@1", "u@1 = lr*m@2", "p@1 = p - u@1"]
    assert [statement.target for statement in recording.statements] == ["m", "m", "u", "p"]
    assert [(query.name, str(query.point)) for query in recording.queries] == [("g", "p")]


def test_an_option_decides_what_exists() -> None:
    assert (list(record(Momentum()).states), list(record(Momentum(heavy=True)).states)) == (["m"], ["m", "heavy_m"])
    assert "heavy_m@1 = m@2" in text(record(Momentum(heavy=True)))


def test_places_are_the_lines_of_the_text() -> None:
    lines, first = inspect.getsourcelines(Momentum.update)
    written = [first + offset for offset, line in enumerate(lines) if " = " in line and "heavy" not in line]
    places = [statement.place for statement in record(Momentum()).statements]
    assert [place.line for place in places] == written
    assert {place.file for place in places} == {__file__}


def test_a_gradient_elsewhere_has_its_point_and_no_statement() -> None:
    recording = record(Ahead())
    assert [(query.name, str(query.point)) for query in recording.queries] == [("ahead", "y@1")]
    assert text(recording) == ["y@1 = lr + p", "p@1 = -ahead + y@1"]


def test_the_gradient_read_after_p_is_assigned_is_still_that_at_the_start() -> None:
    class Late(Rule):
        def update(s) -> None:
            s.p = 2 * s.p
            s.p = s.p - s.g

    assert [str(query.point) for query in record(Late()).queries] == ["p"]


def test_a_schedule_is_a_statement_before_the_rest_and_its_settings_are_hyper_parameters() -> None:
    recording = record(Momentum(lr=Half(steps=3)))
    assert list(recording.hypers) == ["lr", "beta", "lr_steps"]
    assert recording.hypers["lr_steps"].default == 3
    assert text(recording)[0] == "lr_t@1 = lr/lr_steps + t"
    assert "u@1 = lr_t@1*m@2" in text(recording)
    assert recording.scheduled == {"lr": "lr_t"}


def test_names_of_a_schedule_avoid_those_of_the_rule() -> None:
    class Crowded(Rule):
        lr, lr_steps = Hyper(1), Hyper(2)

        def update(s) -> None:
            s.lr_t = s.lr * s.g
            s.p = s.p - s.lr_t * s.lr_steps

    recording = record(Crowded(lr=Half()))
    assert list(recording.hypers) == ["lr", "lr_steps", "lr_stepsx"]
    assert text(recording)[:2] == ["lr_tx@1 = lr/lr_stepsx + t", "lr_t@1 = g*lr_tx@1"]


def test_the_name_of_a_value_that_follows_a_schedule_is_no_type_of_c() -> None:
    class Sized(Rule):
        uint8 = Hyper(1)

        def update(s) -> None:
            s.p = s.p - s.uint8 * s.g

    assert record(Sized(uint8=Half())).scheduled == {"uint8": "uint8_tx"}


def test_a_schedule_without_a_value_and_with_a_wrong_name() -> None:
    class Empty(Schedule):
        pass

    class Wrong(Schedule):
        def value(s) -> Expr:
            return s.bse

    with pytest.raises(SpecError, match=r"empty: Empty has no method value\(s\)"):
        record(Momentum(lr=Empty()))
    with pytest.raises(SpecError, match=r"test_recorder\.py:\d+: wrong: nothing is named s\.bse; did you mean base\?"):
        record(Momentum(lr=Wrong()))


def test_a_rule_and_a_gradient_outside_update() -> None:
    with pytest.raises(SpecError, match=r"for use inside update"):
        Momentum().gradient(at=1)
    with pytest.raises(SpecError, match=r"Rule has no method update"):
        record(Rule())
