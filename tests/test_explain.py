"""Explain counts what a person counts."""

import pytest

import symopt
from symopt.cli.main import run
from symopt.passes.pipeline import PASSES
from tests.run.small_rules import Newton, Rotated, Trust


def test_adamw_by_hand() -> None:
    """Products: 2 in m, 3 in v, one in each correction, the decay and lr m_hat. 28 bytes: g, and p m v twice."""
    (step,) = symopt.explain("adamw").phases
    assert step.once_an_element == {"mul": 9, "add": 3, "sub": 2, "sqrt": 1, "div": 1}
    assert step.once_a_step == {"sub": 4, "pow": 2, "div": 2, "mul": 1}
    assert step.once_a_tensor == {}
    assert (step.reads, step.writes) == (("g",), ("p", "m", "v"))
    assert step.traffic.bytes(4) == 28


def test_two_sweeps_by_hand() -> None:
    """Trust: the first sweep makes m, v, u and two sums of squares; the second makes u again, and p."""
    (step,) = symopt.explain(Trust()).phases
    first, second = step.stages
    assert (first.kind, first.over, set(first.reads), set(first.writes)) == (
        "sweep", "all elements", {"p", "g", "m", "v"}, {"m", "v"},
    )  # fmt: skip
    assert first.operations == {"mul": 2 + 3 + 1 + 2, "add": 3, "sqrt": 1, "div": 1}
    assert first.makes == ("sum_p_p = norm(p)**2", "sum_u_u = norm(u)**2")
    assert (set(second.reads), second.writes, second.makes) == ({"p", "m", "v"}, ("p",), ())
    assert second.operations == {"mul": 2, "add": 1, "sqrt": 1, "div": 1, "sub": 1}
    assert step.once_a_tensor["sqrt"] == 2


def test_products_by_hand() -> None:
    """A product of a rows x cols by a cols x rows matrix takes rows products for each element of the parameter."""
    (step,) = symopt.explain(Newton()).phases
    costs = {stage.makes[0]: stage.multiplications for stage in step.stages if stage.kind == "product"}
    assert costs["unwide_x = unwide(kept_x)"] == ""
    assert [cost for cost in costs.values() if cost] == ["short", "short * short / long", "short"] * 2


def test_what_is_not_done_in_every_step_is_said() -> None:
    (step,) = symopt.explain(Rotated()).phases
    (first,) = {stage.only_if for stage in step.stages if stage.makes == ("eigenbasis_left_new = eigenbasis(left)",)}
    later = [stage.only_if for stage in step.stages if stage.operations in ({"orthogonal": 1},)]
    assert later == [(f"not {first[0]}",)]
    always = [stage.only_if for stage in step.stages if stage.makes == ("x = transpose(basis) @ g",)]
    assert always == [()]
    assert f"eigenbasis, rows x rows where {first[0]}: " in symopt.explain(Rotated()).text()


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


def test_one_sweep_is_told_in_one_line_and_several_one_by_one() -> None:
    assert "a sweep over" not in symopt.explain("adamw").text()
    text = symopt.explain(Trust()).text()
    assert "  1. a sweep over all elements: " in text
    assert "     sum_u_u = norm(u)**2\n  2. a sweep over all elements: " in text
    assert ", besides operations on matrices" in symopt.explain(Newton(), "torch").text()
