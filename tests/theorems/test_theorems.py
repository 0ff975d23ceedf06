from dataclasses import replace

import pytest

from symopt.catalogue import resolve
from symopt.checker.check import check_equality, check_property, check_witness
from symopt.errors import SpecError, UsageError
from symopt.lang.theorem import ClosedForm, Compare, FirstStep, Theorem, WeightsSum
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.theorems import prove, settle, theorem_names


@pytest.mark.parametrize("name", theorem_names())
def test_every_theorem_is_as_stated_and_survives_the_checker(name: str) -> None:
    (result,) = prove([name])
    assert result.exit_status == 0, result.text()
    assert result.theorem.why


@pytest.mark.parametrize(
    "theorem",
    [
        Theorem("wrong_verdict", Compare("adam_l2", "adamw"), claim="equal"),
        Theorem("wrong_map", Compare("adam_tf", "adam"), claim="equal-if", under={"eps": "eps*sqrt(1 - beta2**t)"}),
        Theorem("wrong_condition", Compare("adam_l2", "adamw"), claim="different", when=("equal when beta1 = 0",)),
    ],
)
def test_a_wrong_comparison_is_refuted(theorem: Theorem) -> None:
    result = settle(theorem)
    assert not result.as_stated
    assert result.exit_status == 1
    assert result.reason


@pytest.mark.parametrize(
    "subject",
    [
        WeightsSum("adam", of="m", over="g", total="1"),
        WeightsSum("adam", of="m_hat", over="g", total="1 - beta1**t"),
        WeightsSum("adam", of="v", over="g", total="1 - beta2**t"),
        ClosedForm("adam_l2", of="m", term="(1 - beta1)*beta1**(t - k)*g"),
        ClosedForm("adam", of="m", term="(1 - beta1)*beta1**(t - k + 1)*g"),
        FirstStep("adam", value="p - lr*g/(g + eps)"),
    ],
)
def test_a_wrong_property_is_neither_proved_nor_let_pass(subject: ClosedForm | WeightsSum | FirstStep) -> None:
    result = settle(Theorem("wrong", subject))
    assert result.verdict == "unknown"
    assert result.proof is None
    assert not check_property(trace(resolve(subject.rule)), subject).passed


def test_the_factor_of_bias_correction_is_derived() -> None:
    result = settle(Theorem("weights", WeightsSum("adam", of="m", over="g", total="1 - beta1**t")))
    assert "it is 1 - beta1**t" in result.proof.text()


def test_the_checker_refuses_what_the_prover_did_not_find() -> None:
    left, right = trace(resolve("adam_tf")), trace(resolve("adam"))
    identity = {hyper.name: hyper.name for hyper in right.hypers}
    states = {"m": "m", "v": "v"}
    assert check_equality(left, right, {**identity, "eps": "eps/sqrt(1 - beta2**t)"}, states, ()).passed
    assert not check_equality(left, right, identity, states, ()).passed
    assert not check_equality(left, left, identity, {"m": "2*m", "v": "v"}, ()).passed
    witness = compare(left, right).witness
    said = witness.to_json()
    assert check_witness(left, right, said, witness.step, None).passed
    assert not check_witness(left, right, {**said, "left": "0"}, witness.step, None).passed
    assert not check_witness(left, left, {**said, "right": said["left"]}, witness.step, None).passed


def test_theorems_are_declared_with_a_known_claim_and_name() -> None:
    with pytest.raises(SpecError, match="'same' is none of equal, equal-if, different"):
        Theorem("x", Compare("adam", "adam"), claim="same")
    with pytest.raises(SpecError, match="letters and digits"):
        Theorem("not a name", Compare("adam", "adam"), claim="equal")
    with pytest.raises(UsageError, match="no theorem is called 'adam_l2_is_adamw'; did you mean adam_l2_is_not_adamw"):
        prove(["adam_l2_is_adamw"])


def test_a_result_is_plain_data_and_readable() -> None:
    (result,) = prove(["adam_l2_is_not_adamw"])
    assert result.to_json()["checked"] is True
    assert result.to_json()["comparison"]["verdict"] == "different"
    assert "as stated" in result.text()
    assert "NOT AS STATED" in replace(result, as_stated=False).text()
