"""Claims and assumptions that are malformed, or that nothing satisfies, are refused in one line."""

from __future__ import annotations

import pytest

from symopt.catalogue import resolve
from symopt.errors import SpecError, UsageError
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import Invariant, Ordered, comparisons
from symopt.passes.tracing import trace
from symopt.prove.inequality.assumptions import under
from symopt.prove.inequality.settle import settle_bound
from symopt.prove.inequality.system import narrowed, system_of

REFUSED = [
    ("lr < 0", "given 'lr < 0' contradicts the domain of lr", "0 <= lr"),
    ("beta1 >= 1", "contradicts the domain of beta1", "0 <= beta1 < 1"),
    ("eps = 0", "contradicts", "0 < eps"),
    ("lr*weight_decay < 0", "contradicts", "0 <= weight_decay"),
    ("beta1 + beta2 >= 2", "contradicts", "0 <= beta2 < 1"),
    ("beta1 = 1 + lr", "contradicts", "0 <= beta1 < 1"),
    ("m <= 1", "nothing is called 'm'", "known"),
    ("bet1 <= 1/2", "nothing is called 'bet1'", "did you mean beta1"),
    ("beta1 = beta1**2", "beta1 is given by itself", "beta1"),
    ("lr*beta1 = 2", "an equation gives one hyper-parameter by others", "beta2 = beta1"),
]


@pytest.mark.parametrize(("given", "what", "right"), REFUSED, ids=[given for given, _, _ in REFUSED])
def test_an_assumption_that_cannot_be_used_is_refused(given: str, what: str, right: str) -> None:
    system = system_of([trace(resolve("adamw"))])
    with pytest.raises(UsageError) as refused:
        under(system, (given,))
    assert what in str(refused.value)
    assert right in str(refused.value)
    assert "\n" not in str(refused.value)


def test_two_assumptions_may_contradict_each_other() -> None:
    system = system_of([trace(resolve("adam"))])
    with pytest.raises(UsageError, match="contradicts the domain of lr"):
        under(system, ("lr >= 2", "lr <= 1"))
    with pytest.raises(UsageError, match="equation"):
        under(system, ("lr = 2", "lr = 3"))


def test_assumptions_narrow_domains_and_replace_names() -> None:
    premises = under(
        system_of([trace(resolve("adamw"))]), ("beta2 = beta1", "weight_decay > 0", "lr*weight_decay <= 1")
    )
    assert "beta2" not in premises.system.fixed
    assert premises.system.domains["weight_decay"].lower_open
    assert [fact.text for fact in premises.facts] == ["lr * weight_decay <= 1"]


def test_what_lies_in_two_domains() -> None:
    a, b = Domain(lower=0, upper=1, lower_open=True), Domain(lower=0, upper=1, upper_open=True)  # type: ignore[arg-type]
    assert narrowed(a, b) == Domain(0, 1, True, True)  # type: ignore[arg-type]
    assert narrowed(b, a) == narrowed(a, b)


@pytest.mark.parametrize("text", ["v", "v >= ", "v != 0", "import os", "v in p", "0 <= v <"])
def test_what_is_no_comparison_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no comparison; write a comparison"):
        Invariant("adam", of=text)


def test_a_chain_is_read_link_by_link() -> None:
    assert [str(link) for link in comparisons("0 <= u < 1 = v")] == ["0 <= u", "u < 1", "1 = v"]


def test_a_text_in_place_of_a_tuple_is_refused() -> None:
    with pytest.raises(SpecError, match="tuples of texts"):
        Invariant("adam", of="v >= 0", given="lr <= 1")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        (Invariant("adam", of="w >= 0"), "nothing is called 'w'"),
        (Invariant("adam", of="v_new >= 0", free=("m",)), "'m' is a name of the rule"),
        (Ordered("adam", "adam_tf", of="left.v >= right.w"), "nothing is called 'right.w'"),
        (Ordered("adam", "adam_tf", of="v >= 0"), "nothing is called 'v'"),
        (Ordered("adam", "nothing_such", of="left.v >= 0"), "nothing_such"),
        (Invariant("adam", of="min(v) >= 0"), "min"),
    ],
)  # fmt: skip
def test_unknown_names_are_named(claim: Invariant | Ordered, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        settle_bound(claim, trace(resolve(claim.rule)), 5.0)
    assert message in str(refused.value)
