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
from symopt.ir.nodes import Node, Num, op, ref
from symopt.ir.program import DType, Store, Sweep
from symopt.ir.trace import Let
from symopt.passes.buffers import allocate
from symopt.passes.linearise import COPY, linearise
from symopt.printers.numpy import may_overwrite

BINARY = ["add", "sub", "mul", "div", "max"]
ARRAYS = ["p", "m", "v"]


def swept(sweep: Sweep, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the statements say: every new value is computed from the old ones."""
    values = dict(inputs)
    with np.errstate(all="ignore"):
        for let in sweep.body:
            values[let.name] = evaluate([let.value], values, Float64())[0]
    return {store.array: np.broadcast_to(values[store.value], np.shape(inputs["p"])) for store in sweep.stores}


def run(sweep: Sweep, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the instructions do, one after the other, in places that are overwritten."""
    places = {name: np.copy(value) for name, value in inputs.items()}
    for placed in allocate(linearise(sweep), "tmp", may_overwrite).instructions:
        args = [float(arg.value) if isinstance(arg, Num) else places[arg.name] for arg in placed.args]
        for position, arg in enumerate(placed.args):
            assert getattr(arg, "name", "") != placed.out or placed.op == COPY or may_overwrite(placed.op, position)
        with np.errstate(all="ignore"):
            result = args[0] if placed.op == COPY else Float64().op(placed.op, *args)
        places[placed.out] = np.array(np.broadcast_to(result, np.shape(inputs["p"])))
    return {store.array: places[store.array] for store in sweep.stores}


@pytest.mark.parametrize("name", catalogue.rule_names())
def test_every_rule_of_the_catalogue(name: str) -> None:
    for variant in variants_of(catalogue.rule(name)):
        for phase in variant.program.phases:
            inputs = {array: hostile(64, seed) for seed, array in enumerate(phase.arrays)}
            inputs |= {uniform: np.float64(0.3) for uniform in phase.uniforms}
            inputs |= {uniform: np.bool_(True) for uniform in phase.uniforms if phase.dtypes[uniform] is DType.BOOL}
            inputs.setdefault("p", np.zeros(64))
            for sweep in phase.sweeps:
                assert same_bits(run(sweep, inputs), swept(sweep, inputs)), variant.rule.title


@st.composite
def sweeps(draw: st.DrawFn) -> Sweep:
    """Bodies of random statements, and stores of old values, of new ones, of one value to several arrays."""
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
    return Sweep(tuple(body), stores)


@settings(max_examples=300, deadline=None)
@given(sweeps())
def test_any_sweep(sweep: Sweep) -> None:
    inputs = {name: hostile(32, seed) for seed, name in enumerate([*ARRAYS, "g"])} | {"c1": np.float64(0.3)}
    assert same_bits(run(sweep, inputs), swept(sweep, inputs))


def test_two_arrays_can_change_places() -> None:
    sweep = Sweep((), (Store("p", "m"), Store("m", "p")))
    found = run(sweep, {"p": np.ones(2), "m": np.zeros(2)})
    assert (found["p"] == 0).all()
    assert (found["m"] == 1).all()


def test_temporaries_avoid_the_names_of_values_that_are_only_read() -> None:
    """A hoisted value may be called c1, as temporaries are."""
    long = op("mul", op("mul", ref("a_rather_long_name"), ref("another_rather_long_name")), ref("c1"))
    linear = linearise(Sweep((Let("x", op("add", long, ref("p")), "x"),), (Store("p", "x"),)))
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
            schedule = allocate(linearise(phase.sweeps[0]), "tmp", may_overwrite)
            places = [*phase.arrays, *phase.uniforms, *schedule.scratch, *schedule.masks]
            assert len(set(places)) == len(places)
