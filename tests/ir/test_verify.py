"""Each kind of broken trace and program is caught and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from symopt.catalogue import resolve
from symopt.errors import VerifyError
from symopt.ir.nodes import Node, num, op, ref
from symopt.ir.program import Phase, Program, Sweep
from symopt.ir.trace import Let, Query, StateInfo, Trace
from symopt.ir.verify import verify_program, verify_trace
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace

POSITIVE = op("lt", num(0), ref("g"))


@pytest.fixture(scope="module")
def momentum() -> Trace:
    return trace(resolve("momentum"))


@pytest.fixture(scope="module")
def program() -> Program:
    return lower(trace(resolve("adamw")))


def first_let(broken: Trace, value: Node) -> Trace:
    return broken.with_lets((replace(broken.lets[0], value=value), *broken.lets[1:]))


BROKEN: list[tuple[Callable[[Trace], Trace], str]] = [
    (lambda t: replace(t, states=(*t.states, t.states[0])), "two inputs have one name"),
    (lambda t: replace(t, queries=(Query("lr", ref("p")),)), "two inputs have one name"),
    (lambda t: t.with_lets((*t.lets, t.lets[0])), "b_new is defined twice"),
    (lambda t: t.with_lets((*t.lets, Let("mu", num(1), "mu"))), "mu is defined twice"),
    (lambda t: first_let(t, ref("nothing")), "b_new reads nothing, which is not known there"),
    (lambda t: first_let(t, op("neg", ref("p_new"))), "b_new reads p_new, which is not known there"),
    (lambda t: t.with_lets(t.lets[::-1]), "p_new reads b_new, which is not known there"),
    (lambda t: replace(t, queries=(Query("g", ref("nothing")),)), "g reads nothing, which is not known there"),
    (lambda t: replace(t, states=(StateInfo("b", ref("nothing"), "b"),)), "b reads nothing, which is not known there"),
    (lambda t: first_let(t, op("add", num(1), POSITIVE)), "b_new mixes values and conditions in add"),
    (lambda t: first_let(t, op("not", num(1))), "b_new mixes values and conditions in not"),
    (lambda t: first_let(t, op("and", POSITIVE, num(1))), "b_new mixes values and conditions in and"),
    (lambda t: first_let(t, op("where", num(1), num(1), num(1))), "b_new mixes values and conditions in where"),
    (lambda t: first_let(t, op("where", POSITIVE, POSITIVE, num(1))), "b_new mixes values and conditions in where"),
    (lambda t: first_let(t, op("lt", POSITIVE, num(1))), "b_new mixes values and conditions in lt"),
    # A condition under a name is still a condition.
    (lambda t: first_let(t, POSITIVE), "p_new mixes values and conditions in mul"),
    (lambda t: replace(t, results={"p": "p_new"}), "b has no new value"),
    (lambda t: replace(t, results={"b": "b_new"}), "p has no new value"),
    (lambda t: replace(t, results={"p": "nothing", "b": "b_new"}), "p has no new value"),
]


@pytest.mark.parametrize(("breaking", "expected"), BROKEN, ids=[f"{i}: {said}" for i, (_, said) in enumerate(BROKEN)])
def test_a_broken_trace(momentum: Trace, breaking: Callable[[Trace], Trace], expected: str) -> None:
    with pytest.raises(VerifyError) as caught:
        verify_trace(breaking(momentum))
    assert f"momentum: {expected}" in str(caught.value)


def test_whole_ones_pass(momentum: Trace, program: Program) -> None:
    verify_trace(momentum)
    verify_program(program)
    verify_trace(first_let(momentum, op("where", op("or", POSITIVE, op("not", POSITIVE)), ref("g"), num(1))))


def test_a_new_value_that_is_a_condition(momentum: Trace) -> None:
    # p no longer reads b, so that nothing but the new value of b is wrong.
    lets = (Let("b_new", POSITIVE, "b"), Let("p_new", ref("g"), "p"))
    with pytest.raises(VerifyError, match="momentum: b_new is a condition and the new value of b"):
        verify_trace(momentum.with_lets(lets))


def with_phase(program: Program, **changes: object) -> Program:
    return replace(program, phases=(replace(program.phases[0], **changes), *program.phases[1:]))


def with_sweep(program: Program, **changes: object) -> Program:
    phase: Phase = program.phases[0]
    sweep: Sweep = phase.sweeps[0]
    return with_phase(program, sweeps=(replace(sweep, **changes), *phase.sweeps[1:]))


def test_a_scalar_that_varies_by_element(program: Program) -> None:
    bad = Let("bad", op("neg", ref("g")), "bad")
    with pytest.raises(VerifyError, match="bad varies by element and is no scalar"):
        verify_program(with_phase(program, scalars=(*program.phases[0].scalars, bad)))


def test_a_scalar_that_reads_what_is_not_known(program: Program) -> None:
    bad = Let("bad", op("neg", ref("later")), "bad")
    with pytest.raises(VerifyError, match="bad reads later, which is not known there"):
        verify_program(with_phase(program, scalars=(bad, *program.phases[0].scalars)))


def test_a_sweep_that_reads_what_it_does_not_know(program: Program) -> None:
    body = program.phases[0].sweeps[0].body
    with pytest.raises(VerifyError, match=r"reads \w+, which the sweep does not know"):
        verify_program(with_sweep(program, body=body[1:]))
    with pytest.raises(VerifyError, match=r"reads \w+, which the sweep does not know"):
        verify_program(with_phase(program, uniforms=()))


def test_a_sweep_that_computes_a_step_value(program: Program) -> None:
    uniform = program.phases[0].uniforms[0]
    slow = Let("slow", op("mul", ref("g"), op("sub", num(1), ref(uniform))), "slow")
    with pytest.raises(VerifyError, match="slow computes a step value in the element loop"):
        verify_program(with_sweep(program, body=(slow, *program.phases[0].sweeps[0].body)))


def test_a_store_of_what_the_sweep_does_not_know(program: Program) -> None:
    stores = program.phases[0].sweeps[0].stores
    bad = replace(stores[0], value="nothing")
    with pytest.raises(VerifyError, match="is set to nothing, which the sweep does not know"):
        verify_program(with_sweep(program, stores=(bad, *stores[1:])))
