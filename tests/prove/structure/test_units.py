import numpy as np
import pytest
from float_runs import run

from symopt.catalogue import resolve, rule_names
from symopt.checker.units import System, check_units, exponents
from symopt.errors import UsageError
from symopt.lang.theorem import Units
from symopt.passes.tracing import trace
from symopt.prove.settlement import Settlement
from symopt.prove.structure.units import settle_units

GRADS = [np.array([[0.7, -1.3], [0.4, 0.2]]), np.array([[-0.2, 0.5], [2.1, 0.3]])]
THETA = np.array([[0.9, -0.4], [1.7, 0.6]])


def units(rule: str, **claimed: str) -> Settlement:
    return settle_units(Units(rule, claimed), trace(resolve(rule)), 10)


@pytest.mark.parametrize(
    ("rule", "claimed", "verdict"),
    [
        ("adam", {"lr": "P", "eps": "L/P"}, "holds"),
        ("adam", {"lr": "P", "eps": "1"}, "fails"),
        ("adam", {"lr": "1"}, "fails"),
        ("sgd", {"lr": "P**2/L"}, "holds"),
        ("adadelta", {"lr": "P**2/L"}, "holds"),
        ("madgrad", {"eps": "L**(1/2)"}, "holds"),
        ("lars", {"lr": "1"}, "fails"),
        ("lars", {"weight_decay": "L/P**2"}, "holds"),
        ("radam", {}, "fails"),
        ("sophia", {"lr": "1", "h": "L/P**2"}, "holds"),
        ("polyak_sgd", {}, "fails"),
    ],
)
def test_units(rule: str, claimed: dict[str, str], verdict: str) -> None:
    settled = units(rule, **claimed)
    assert settled.verdict == verdict, settled
    assert settled.check.passed


def test_unlike_units_are_named_with_their_statement() -> None:
    settled = units("radam")
    assert settled.counterexample is not None
    assert settled.counterexample["statement"].startswith("scale = where(")
    assert settled.counterexample["unlike"].endswith("and 1 have the units P/L and 1")
    assert units("yogi").counterexample["unlike"] == "v and g**2 have the units L/P and L**2/P**2"


def test_what_is_not_determined_is_left_open() -> None:
    assert "lr: [lr]" in units("lars").found
    assert "trust: 1/[lr]" in units("lars").found


@pytest.mark.parametrize("name", rule_names())
def test_runs_in_other_units_agree(name: str) -> None:
    """A run in floats beside one in which lengths and losses are measured in other units."""
    rule = trace(resolve(name))
    settled = settle_units(Units(name), rule, 10)
    if settled.verdict != "holds" or {"loss", "hessian"} & {*rule.given} or rule.draws:
        return
    found = dict(part.split(": ") for part in settled.found.split(", "))
    if any("[" in unit for unit in found.values()):
        return
    loss, length = 16.0, 1 / 81
    factor = {n: eval(u, {"L": loss, "P": length}) for n, u in found.items()}
    hypers = {hyper.name: float(hyper.default) for hyper in rule.hypers}
    other = {hyper: number * factor[hyper] for hyper, number in hypers.items()}
    try:
        a = run(rule, hypers, THETA, GRADS)
        b = run(rule, other, THETA * length, [g * loss / length for g in GRADS])
    except NotImplementedError:
        return
    np.testing.assert_allclose(b["p"], a["p"] * length, rtol=1e-7)
    for state in rule.states:
        np.testing.assert_allclose(b[state.name], a[state.name] * factor[state.name], rtol=1e-6, atol=1e-300)


def test_the_checker_finds_units_by_itself() -> None:
    adam = trace(resolve("adam"))
    right = {"lr": "P", "beta1": "1", "beta2": "1", "eps": "L/P", "m": "L/P", "v": "L**2/P**2"}
    assert check_units(adam, Units("adam"), None, right).passed
    assert not check_units(adam, Units("adam"), None, {**right, "v": "L/P"}).passed
    assert not check_units(adam, Units("adam"), "a contradiction", right).passed
    radam = System(trace(resolve("radam")))
    assert radam.rank() > radam.rank(sides=False)
    assert [str(x) for x in exponents("L**(3/2)/P")] == ["3/2", "-1"]


@pytest.mark.parametrize("unit", ["L + P", "2*L", "P**L", "-L"])
def test_a_unit_that_is_none_is_refused(unit: str) -> None:
    with pytest.raises(UsageError, match="is no unit; write 1 or a product of powers of L and P"):
        units("adam", lr=unit)


def test_a_name_that_the_rule_has_not_is_refused() -> None:
    with pytest.raises(UsageError, match="has no hyper-parameter or state 'epsilon'"):
        units("adam", epsilon="1")
