"""C kernels do what traces say: small rules of every class and random ones, from the same states, step by step."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symopt.backends.base import Variant, render_variants, variants_of
from symopt.backends.c import BACKEND
from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, ref, walk
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.run.compile import COMPILERS, compiler
from symopt.run.kernel import CKernel, _declarations, _open
from symopt.run.philox import seed_of_tensor, uniforms
from tests.run.program_run import Arrays, Oracle, first_states
from tests.run.small_rules import RULES, random_trace
from tests.run.test_programs import copied, given_to, hypers_of, tensors
from tests.run.trace_run import trace_step

pytest.importorskip("cffi")
pytestmark = pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="no C compiler")
STEPS, SEED = 5, 2**40 + 12345
TOLERANCE = {"float32": 3e-4, "float64": 1e-9}
THROWN = range(96)
# The contract's flags without most of the time that optimising takes; -Wshadow would find a name that hides another.
FLAGS = ["-std=c11", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra", "-Wshadow", "-Werror"]


def thrown(seed: int) -> Variant | None:
    """A random rule, or nothing where its trace is of a kind that kernels refuse."""
    recorded = random_trace(seed)
    cls = type("Thrown", (Rule,), {"__doc__": "Thrown together.", "update": lambda s: None}, name=recorded.name)
    try:
        return Variant(cls(), "", recorded, lower(recorded), ("float64",))
    except UnsupportedError:
        return None


def compiled(rules: Sequence[list[Variant]], folder: Path) -> list[CKernel]:
    """The kernels of some rules, compiled as one file."""
    names = []
    for variants in rules:
        for name, text in render_variants(BACKEND, variants).items():
            (folder / name).write_text(text)
        names.append(variants[0].rule.name)
    (folder / "all.c").write_text("".join(f'#include "{name}.c"\n' for name in names))
    command = [*compiler(), *FLAGS, "all.c", "-o", "all.so", "-lm"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]
    return [
        CKernel(_open(str(folder / "all.so"), _declarations(variants)), variants, variant, dtype)
        for variants in rules
        for variant in variants
        for dtype in variant.dtypes
    ]


@pytest.fixture(scope="module")
def thrown_kernels(tmp_path_factory) -> list[tuple[CKernel, int]]:
    found = [(variant, seed) for seed in THROWN if (variant := thrown(seed)) is not None]
    kernels = compiled([[variant] for variant, _ in found], tmp_path_factory.mktemp("thrown"))
    return [(kernel, seed) for kernel, (_, seed) in zip(kernels, found, strict=True)]


@pytest.fixture(scope="module")
def small_kernels(tmp_path_factory) -> dict[tuple[str, str], CKernel]:
    kernels = compiled([variants_of(cls) for cls in RULES], tmp_path_factory.mktemp("small"))
    return {(kernel.rule.name, str(kernel.dtype)): kernel for kernel in kernels}


def of_type(value: Any, dtype: np.dtype[Any]) -> Any:
    """Lists with their arrays in a type, and each contiguous."""
    if isinstance(value, list):
        return [of_type(item, dtype) for item in value]
    return np.array(value, dtype, order="C") if isinstance(value, np.ndarray) else value


def advance(kernel: CKernel, ps: Arrays, states: dict[str, Any], t: int, oracle: Oracle, given: Mapping[str, Any],
            seed: int) -> None:  # fmt: skip
    """A step of the kernel: over the model, or tensor by tensor, where a model's numbers are those of any tensor."""
    if kernel._program.over_model:
        _advance(kernel, ps, states, t, oracle, given, seed)
        return
    before = copied(states)
    for index, p in enumerate(ps):
        own = {name: value[index] if isinstance(value, list) else value for name, value in before.items()}
        part = {name: value[index] if isinstance(value, list) else value for name, value in given.items()}
        _advance(kernel, [p], own, t, lambda x, name, index=index: [oracle_at(oracle, ps, x, name, index)], part, seed)
        for name, value in own.items():
            if isinstance(states[name], list):
                states[name][index] = value
            elif p.size:
                states[name] = value


def oracle_at(oracle: Oracle, ps: Arrays, points: Arrays, name: str, index: int) -> np.ndarray:
    return oracle([points[0] if k == index else p for k, p in enumerate(ps)], name)[index]


def _advance(kernel: CKernel, ps: Arrays, states: dict[str, Any], t: int, oracle: Oracle, given: Mapping[str, Any],
             seed: int) -> None:  # fmt: skip
    program = kernel._program
    whole = (lambda arrays: arrays) if program.over_model else (lambda arrays: arrays[0])
    phases, gradients = [phase.name for phase in program.phases[:-1]], {}
    keywords = {**given, "seed": seed, **hypers_of(program.trace)}
    for query in program.trace.queries:
        points = whole([p.copy() for p in ps])
        if query.point is not ref("p"):
            points = kernel.point(whole(ps), states, t, phase=phases.pop(0), g=gradients, **keywords)
        asked = points if program.over_model else [points]
        gradients[query.name] = whole(of_type(oracle([p.astype(float) for p in asked], query.name), kernel.dtype))
    kernel.step(whole(ps), gradients, states, t, **keywords)


def compare(kernel: CKernel, seed: int = 0) -> None:
    """Steps of the kernel, each from where the trace is, in the kernel's type and in float64."""
    program, tolerance = kernel._program, TOLERANCE[str(kernel.dtype)]
    recorded: Trace = program.trace
    ps, hypers = tensors(recorded, seed), hypers_of(recorded)
    if any(isinstance(node, MatOp) and node.op == "eigenbasis" for node in walk([let.value for let in recorded.lets])):
        ps = [p if len(p) <= p.size / max(1, len(p)) else p.T.copy() for p in ps]  # moments of rows with one eigenbasis
    states = first_states(program, hypers, ps)
    for t in range(1, STEPS + 1):
        noise = [np.random.default_rng(t).standard_normal(p.shape) * (p.size > 0 and bool(p.any())) for p in ps]

        def oracle(points: Arrays, name: str, noise: Arrays = noise) -> Arrays:
            return [np.tanh(point) / 2 * bool(n.any()) + n * len(name) for point, n in zip(points, noise, strict=True)]

        given = {name: of_type(value, kernel.dtype) for name, value in given_to(recorded, ps, t).items()}
        given = {name: value for name, value in given.items() if name not in recorded.draws}
        mine, my_states = of_type(ps, kernel.dtype), {n: of_type(v, kernel.dtype) for n, v in copied(states).items()}
        with np.errstate(all="ignore"):
            advance(kernel, mine, my_states, t, oracle, given, SEED)
            drawn = {name: _drawn(program.over_model, ps, t, k) for k, name in enumerate(recorded.draws)}
            ps, states = trace_step(recorded, hypers, ps, states, t, oracle, {**given, **drawn})
        ps = [np.array(p) for p in ps]
        assert_equal({"p": mine, **my_states}, {"p": ps, **states}, ps, tolerance, f"{kernel.rule.title}, step {t}")


def _drawn(over_model: bool, ps: Arrays, t: int, k: int) -> Arrays:
    seeds = [seed_of_tensor(SEED, index) if over_model else SEED for index in range(len(ps))]
    return [uniforms(p.shape, t, k, seed, "float64") for p, seed in zip(ps, seeds, strict=True)]


def assert_equal(mine: Mapping[str, Any], theirs: Mapping[str, Any], ps: Arrays, tolerance: float, what: str) -> None:
    assert set(mine) == set(theirs)
    for name, value in mine.items():
        is_list = isinstance(value, list)
        for index, a in enumerate(value if is_list else [value]):
            b = theirs[name][index] if is_list else theirs[name]
            assert np.shape(a) == np.shape(b), name
            scale = float(np.max(np.abs(np.asarray(b))[np.isfinite(b)], initial=1e-300))
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=f"{name} of {what}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [cls.name for cls in RULES])
def test_small_rules_of_every_class(small_kernels, name, dtype) -> None:
    compare(small_kernels[name, dtype])


def test_random_rules(thrown_kernels) -> None:
    assert len(thrown_kernels) > len(THROWN) / 2
    for kernel, seed in thrown_kernels:
        compare(kernel, seed)
