"""Each kind of broken trace and program is caught and named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from symopt.catalogue import resolve
from symopt.errors import VerifyError
from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.ir.program import Program, Stage, Store, Sweep
from symopt.ir.trace import Let, Query, StateInfo, Trace
from symopt.ir.verify import verify_program, verify_trace
from symopt.lang import Rule, State, matmul, norm, transpose
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


def with_stages(program: Program, change: Callable[[Stage], Stage]) -> Program:
    """The program with its stages changed, in every segment of its last phase."""
    step = program.step
    segments = tuple(replace(s, stages=tuple(map(change, s.stages))) for s in step.segments)
    return replace(program, phases=(*program.phases[:-1], replace(step, segments=segments)))


def with_sweep(program: Program, change: Callable[[Sweep], Sweep]) -> Program:
    return with_stages(program, lambda stage: change(stage) if isinstance(stage, Sweep) else stage)


def with_scalar(program: Program, value: Node) -> Program:
    """The program with one more number before its first sweep."""
    step, first = program.step, program.step.segments[0]
    segment = replace(first, scalars=(*first.scalars, Let("bad", value, "bad")))
    return replace(program, phases=(replace(step, segments=(segment, *step.segments[1:])),))


def test_a_number_that_reads_what_is_not_known_or_no_number(program: Program) -> None:
    verify_program(with_scalar(program, op("neg", ref("lr"))))
    for name in ("later", "g", "v"):
        with pytest.raises(VerifyError, match=f"adamw, step: bad reads {name}, which is not known there"):
            verify_program(with_scalar(program, op("neg", ref(name))))


def test_a_sweep_that_reads_what_it_does_not_know(program: Program) -> None:
    with pytest.raises(VerifyError, match=r"reads m_new, which is not known there"):
        verify_program(with_sweep(program, lambda sweep: replace(sweep, body=sweep.body[1:])))


def test_a_sweep_that_computes_a_number(program: Program) -> None:
    slow = Let("slow", op("mul", ref("g"), op("sub", num(1), ref("lr"))), "slow")
    with pytest.raises(VerifyError, match="slow computes a number in the element loop"):
        verify_program(with_sweep(program, lambda sweep: replace(sweep, body=(slow, *sweep.body))))


def test_a_store_of_what_the_sweep_does_not_know(program: Program) -> None:
    bad = Store("p", "nothing")
    with pytest.raises(VerifyError, match="p reads nothing, which is not known there"):
        verify_program(with_sweep(program, lambda sweep: replace(sweep, stores=(bad,))))


class Scaled(Rule):
    """A sweep that reduces, a product of matrices, and a sweep that reads both."""

    b = State()

    def update(s) -> None:
        s.b = s.b + s.g
        s.length = norm(s.b)
        s.p = s.p - matmul(matmul(s.b, transpose(s.b)), s.b) / s.length


def test_a_reduction_and_a_product_are_known_only_after_they_are_made() -> None:
    scaled = lower(trace(Scaled))
    verify_program(scaled)
    first, *rest = scaled.step.segments[0].stages
    assert isinstance(first, Sweep)
    (partial,) = first.partials
    early = Let("early", op("mul", ref("b_new"), ref(partial.name)), "early")
    wrong = replace(partial, reduction=reduce("sum", ref("nothing")))
    for message, stages in (
        (f"early reads {partial.name}", [replace(first, body=(*first.body, early)), *rest]),
        (f"{partial.name} reads nothing", [replace(first, partials=(wrong,)), *rest]),
        (f"length reads {partial.name}", [*rest, first]),
    ):
        segment = replace(scaled.step.segments[0], stages=tuple(stages))
        with pytest.raises(VerifyError, match=message):
            verify_program(replace(scaled, phases=(replace(scaled.step, segments=(segment,)),)))


def test_a_trace_whose_shapes_do_not_fit(momentum: Trace) -> None:
    with pytest.raises(VerifyError, match="momentum: b: shapes do not fit: a product of rows x cols and rows x cols"):
        verify_trace(first_let(momentum, matop("matmul", ref("g"), ref("g"))))
