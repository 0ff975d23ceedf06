"""Explain counts what a person counts."""

import pytest

import symopt
from symopt.cli.main import run
from symopt.passes.pipeline import PASSES


def test_adamw_by_hand() -> None:
    """Products: 2 in m, 3 in v, one in each correction, the decay and lr m_hat. 28 bytes: g, and p m v twice."""
    (step,) = symopt.explain("adamw").phases
    assert step.once_an_element == {"mul": 9, "add": 3, "sub": 2, "sqrt": 1, "div": 1}
    assert step.once_a_step == {"sub": 4, "pow": 2, "div": 2, "mul": 1}
    assert (step.reads, step.writes) == (("g",), ("p", "m", "v"))
    assert step.traffic.elements * 4 == 28


def test_a_look_ahead_is_a_function_of_its_own() -> None:
    assert [phase.name for phase in symopt.explain("nag").phases][-1] == "step"
    assert len(symopt.explain("nag").phases) == 2


def test_every_pass_is_named_with_what_it_does_to_rounding() -> None:
    explained = symopt.explain("sgd")
    assert [report.name for report in explained.passes] == ["freeze", *(p.name for p in PASSES)]
    assert [report.preserves_rounding for report in explained.passes[1:]] == [p.preserves_rounding for p in PASSES]


def test_the_command_says_what_a_pass_changed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "adagrad"]) == 0
    assert "expand powers (rounding preserved)\n  h_new = h + g*g\n" in capsys.readouterr().out
