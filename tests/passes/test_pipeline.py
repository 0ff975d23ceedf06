"""Passes that promise to preserve rounding do, on every variant of every rule; the verifier sees what is broken."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from numbers_of_passes import inputs_of, results, same_bits

from symopt import catalogue
from symopt.errors import VerifyError
from symopt.ir.nodes import num, op, ref
from symopt.ir.program import Store
from symopt.ir.trace import Let, Trace
from symopt.ir.verify import verify_program, verify_trace
from symopt.lang import Rule
from symopt.passes.pipeline import PASSES, lower, stages
from symopt.passes.tracing import trace

RULES = [rule for name in catalogue.rule_names() for rule in catalogue.rule(name).variants()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
def test_a_stage_rounds_as_it_says(rule: Rule) -> None:
    found = stages(trace(rule))
    values = inputs_of(found[0].trace)
    for before, after in itertools.pairwise(found):
        left, right = results(before.trace, values), results(after.trace, values)
        if after.preserves_rounding:
            assert same_bits(left, right), after.name
    # No stage may change what is computed by more than roundings; sums that cancel are left out by scale.
    first, last = results(found[0].trace, values), results(found[-1].trace, values)
    for name in first:
        scale = np.maximum(np.abs(first[name]), np.abs(np.broadcast_to(values[name], first[name].shape)))
        usable = np.isfinite(scale) & (scale > 1e-290)
        np.testing.assert_array_less(np.abs(first[name] - last[name])[usable], 1e-14 * scale[usable])


def test_the_reciprocals_are_what_changes_rounding() -> None:
    assert [step.name for step in PASSES if not step.preserves_rounding] == ["use reciprocals"]
    found = {stage.name: stage.trace for stage in stages(trace(catalogue.rule("adam")()))}
    values = inputs_of(found["freeze"])
    assert not same_bits(results(found["expand powers"], values), results(found["use reciprocals"], values))


@pytest.fixture
def adamw() -> Trace:
    return trace(catalogue.rule("adamw")())


def broken(base: Trace, *lets: Let) -> Trace:
    return base.with_lets((*base.lets, *lets))


def test_verify_trace_refuses_what_is_broken(adamw: Trace) -> None:
    truth = op("lt", ref("g"), num(0))
    for lets, message in [
        ([Let("x", ref("nothing"), "x")], "reads nothing, which is not known"),
        ([Let("m_new", ref("g"), "m")], "m_new is defined twice"),
        ([Let("x", op("add", truth, ref("g")), "x")], "mixes values and conditions in add"),
        ([Let("x", op("where", ref("g"), ref("g"), ref("g")), "x")], "mixes values and conditions in where"),
    ]:
        with pytest.raises(VerifyError, match=message):
            verify_trace(broken(adamw, *lets))
    with pytest.raises(VerifyError, match="v has no new value"):
        verify_trace(replace(adamw, results={"p": "p_new", "m": "m_new"}))


def test_verify_program_refuses_what_is_broken(adamw: Trace) -> None:
    program = lower(adamw)
    (sweep,) = program.step.sweeps

    def with_sweep(**changes: object) -> None:
        phase = replace(program.step, sweeps=(replace(sweep, **changes),))  # type: ignore[arg-type]
        verify_program(replace(program, phases=(phase,)))

    with_sweep()
    with pytest.raises(VerifyError, match="reads t, which the sweep does not know"):
        with_sweep(body=(*sweep.body, Let("x", op("add", ref("g"), ref("t")), "x")))
    with pytest.raises(VerifyError, match="computes a step value in the element loop"):
        with_sweep(body=(*sweep.body, Let("x", op("mul", ref("g"), op("sub", num(1), ref("beta1"))), "x")))
    with pytest.raises(VerifyError, match="p is set to x, which the sweep does not know"):
        with_sweep(stores=(Store("p", "x"),))
    scalars = (*program.step.scalars, Let("x", ref("g"), "x"))
    with pytest.raises(VerifyError, match="varies by element and is no scalar"):
        verify_program(replace(program, phases=(replace(program.step, scalars=scalars),)))
