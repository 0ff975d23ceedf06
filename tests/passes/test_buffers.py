"""Linearised and placed instructions compute what the sweep says, whatever shares a place with what."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numbers_of_passes import Float64, hostile, same_bits

from symopt import catalogue
from symopt.backends.base import variants_of
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import CONDITIONS, Node, Num, num, op, reduce, ref
from symopt.ir.program import DType, Partial, Store, Sweep
from symopt.ir.shape import ELEMENT
from symopt.ir.trace import Let
from symopt.passes.buffers import allocate
from symopt.passes.linearise import ACCUMULATE, COPY, linearise
from symopt.printers.numpy import may_overwrite

BINARY = ["add", "sub", "mul", "div", "max"]
ARRAYS = ["p", "m", "v"]


def swept(sweep: Sweep, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the statements say: every new value is computed from the old ones, and so is what is reduced."""
    values = dict(inputs)
    with np.errstate(all="ignore"):
        for let in sweep.body:
            values[let.name] = evaluate([let.value], values, Float64())[0]
        reduced = {p.name: evaluate([p.value], values, Float64())[0] for p in sweep.partials}
    found = {store.array: values[store.value] for store in sweep.stores} | reduced
    return {name: np.broadcast_to(value, np.shape(inputs["p"])) for name, value in found.items()}


def run(sweep: Sweep, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the instructions do, one after the other, in places that are overwritten."""
    places = {name: np.copy(value) for name, value in inputs.items()}
    for placed in allocate(linearise(sweep), "tmp", may_overwrite).instructions:
        args = [float(arg.value) if isinstance(arg, Num) else places[arg.name] for arg in placed.args]
        for position, arg in enumerate(placed.args):
            overwrites = getattr(arg, "name", "") == placed.out
            assert not overwrites or placed.op == COPY or may_overwrite(placed.op, position)
        assert placed.out.startswith("tmpwide") == (placed.wide and placed.op not in CONDITIONS)
        with np.errstate(all="ignore"):
            result = args[0] if placed.op in (COPY, ACCUMULATE) else Float64().op(placed.op, *args)
        places[placed.out] = np.array(np.broadcast_to(result, np.shape(inputs["p"])))
    return {name: places[name] for name in (*(s.array for s in sweep.stores), *(p.name for p in sweep.partials))}


@pytest.mark.parametrize("name", catalogue.rule_names())
def test_every_rule_of_the_catalogue(name: str) -> None:
    for variant in variants_of(catalogue.rule(name)):
        for phase in variant.program.phases if not variant.program.has_axes else ():
            inputs = {array: hostile(64, seed) for seed, array in enumerate(phase.arrays)}
            inputs |= {buffer.name: hostile(64, seed) for seed, buffer in enumerate(phase.buffers)}
            inputs |= {uniform: np.float64(0.3) for uniform in phase.uniforms}
            inputs |= {uniform: np.bool_(True) for uniform in phase.uniforms if phase.dtypes[uniform] is DType.BOOL}
            inputs.setdefault("p", np.zeros(64))
            for sweep in phase.sweeps:
                assert same_bits(run(sweep, inputs), swept(sweep, inputs)), variant.rule.title


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Random statements, stores of old values, of new ones, of one value to several arrays, and reductions."""
    names = [*ARRAYS, "g", "c1"]
    body: list[Let] = []
    for number in range(draw(st.integers(1, 6))):
        value: Node = ref(draw(st.sampled_from(names)))
        for _ in range(draw(st.integers(0, 3))):
            operation = draw(st.sampled_from([*BINARY, "sign", "where"]))
            other = ref(draw(st.sampled_from(names)))
            if operation == "sign":
                value = op("sign", value)
            elif operation == "where":
                value = op("where", op("lt", value, other), other, value)
            else:
                value = op(operation, *draw(st.permutations([value, other])))
        body.append(Let(f"x{number}", value, f"x{number}"))
        names.append(body[-1].name)
    stores = tuple(Store(array, draw(st.sampled_from(names))) for array in ARRAYS)
    partials = []
    for number in range(draw(st.integers(0, 3))):
        a, b = (ref(draw(st.sampled_from(names[:-1] if number else names))) for _ in range(2))
        reduced = draw(st.sampled_from([a, op("mul", a, b), op("where", op("lt", a, b), op("abs", a), num(1))]))
        partials.append(Partial(f"total{number}", reduce("sum", reduced)))
    return Sweep(ELEMENT, tuple(body), stores, tuple(partials))


@settings(max_examples=300, deadline=None)
@given(sweeps())
def test_any_sweep(sweep: Sweep) -> None:
    inputs = {name: hostile(32, seed) for seed, name in enumerate([*ARRAYS, "g"])} | {"c1": np.float64(0.3)}
    assert same_bits(run(sweep, inputs), swept(sweep, inputs))


def test_two_arrays_can_change_places() -> None:
    sweep = Sweep(ELEMENT, (), (Store("p", "m"), Store("m", "p")))
    found = run(sweep, {"p": np.ones(2), "m": np.zeros(2)})
    assert (found["p"] == 0).all()
    assert (found["m"] == 1).all()


def test_temporaries_avoid_the_names_of_values_that_are_only_read() -> None:
    """A hoisted value may be called c1, as temporaries are."""
    long = op("mul", op("mul", ref("a_rather_long_name"), ref("another_rather_long_name")), ref("c1"))
    linear = linearise(Sweep(ELEMENT, (Let("x", op("add", long, ref("p")), "x"),), (Store("p", "x"),)))
    made = [instruction.name for instruction in linear.instructions]
    assert len(set(made)) == len(made)
    assert "c1" not in made


def test_adam_needs_two_scratch_buffers() -> None:
    (variant, *_) = variants_of(catalogue.rule("adam"))
    (sweep,) = variant.program.step.sweeps
    assert len(allocate(linearise(sweep), "tmp", may_overwrite).scratch) == 2


def test_no_place_is_named_twice() -> None:
    for variant in itertools.chain.from_iterable(map(variants_of, map(catalogue.rule, catalogue.rule_names()))):
        for phase in variant.program.phases:
            for sweep in phase.sweeps:
                schedule = allocate(linearise(sweep), "tmp", may_overwrite)
                scratch = [*schedule.scratch, *schedule.masks, *schedule.wides]
                places = [*phase.arrays, *phase.uniforms, *scratch, *(partial.name for partial in sweep.partials)]
                assert len(set(places)) == len(places)


def test_an_array_that_keeps_its_value_is_not_written() -> None:
    linear = linearise(Sweep(ELEMENT, (Let("p0_new", ref("p0"), "p0_new"),), (Store("p0", "p0_new"),)))
    assert linear.instructions == ()
    assert linear.stores == {}


def test_a_reduction_is_taken_before_what_it_reads_is_replaced() -> None:
    """The norm of the old parameter costs no copy of it."""
    body = (Let("p_new", op("sub", ref("p"), ref("g")), "p_new"),)
    square = Partial("square", reduce("sum", op("mul", ref("p"), ref("p"))))
    schedule = allocate(linearise(Sweep(ELEMENT, body, (Store("p", "p_new"),), (square,))), "tmp", may_overwrite)
    assert [placed.out for placed in schedule.instructions] == ["tmpwide1", "square", "p"]
    assert schedule.scratch == ()
