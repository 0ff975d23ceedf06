"""Random rules, generated and run: every backend computes what the stages of the program say, one by one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest

from symopt.backends.base import Variant, render_variants
from symopt.backends.c import BACKEND
from symopt.errors import UnsupportedError
from symopt.lang import Hyper, Rule
from symopt.passes.pipeline import lower
from symopt.run.agreement import Steps, rounds_in_one_way, same_path
from symopt.run.compile import shared_library
from symopt.run.hostile import BLOCKS, MILD
from symopt.run.kernel import CKernel, _declarations, _open
from symopt.run.modules import Kernel, NumPyKernel, TorchKernel, load_module
from symopt.run.trial import Trial
from tests.run.program_run import ProgramKernel
from tests.run.random_rules import random_trace

SEEDS = (3, 6, 14, 17, 101, 15, 21, 155)  # arrays and matrices, of one tensor and of models


class Host(Rule, name="host"):
    """What the variants of random rules belong to."""

    lr = Hyper(1)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g


def variant_of(seed: int) -> Variant:
    recorded = random_trace(seed)
    try:
        return Variant(Host(), "", recorded, lower(recorded))
    except UnsupportedError as error:
        pytest.skip(str(error))


def trials(variant: Variant, dtype: str) -> list[Trial]:
    program = variant.program
    shapes: list[Sequence[tuple[int, ...]]] = [[(9,)], [(BLOCKS,)]]
    if program.over_model:
        shapes = [((3, 4), (0, 3), (5, 2)) if program.has_axes else ((7,), (0,), (3, 5))]
    elif program.has_axes:
        shapes = [[shape] for shape in ((3, 4), (1, 5), (9, 4))]
    return [Trial(variant, dtype, {"lr": 0.25}, shape, MILD) for shape in shapes]


def c_kernel(variant: Variant, dtype: str) -> Kernel:
    library = shared_library(render_variants(BACKEND, [variant]), "host.c")
    return CKernel(_open(str(library), _declarations([variant])), [variant], variant, dtype)


@pytest.mark.parametrize("seed", SEEDS)
def test_python_kernels_of_random_rules(seed: int) -> None:
    variant = variant_of(seed)
    steps = Steps(trials(variant, "float64"), ProgramKernel(variant.program))
    assert steps.cell(NumPyKernel(load_module("numpy", [variant]), variant)).ok
    pytest.importorskip("torch")
    assert steps.cell(TorchKernel(load_module("torch", [variant]), variant)).ok


@pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")
@pytest.mark.parametrize("seed", SEEDS[:6])
def test_c_kernels_of_random_rules(seed: int) -> None:
    variant = variant_of(seed)
    numpy = NumPyKernel(load_module("numpy", [variant]), variant)
    for dtype in ("float32", "float64"):
        kernel, runs = c_kernel(variant, dtype), trials(variant, dtype)
        assert (same_path(runs, numpy, kernel) if rounds_in_one_way(variant) else Steps(runs, numpy).cell(kernel)).ok


def test_the_seeds_give_rules_of_all_kinds() -> None:
    kinds = {(variant.program.has_axes, variant.program.over_model) for variant in map(variant_of, SEEDS)}
    assert kinds == {(False, False), (False, True), (True, False), (True, True)}
    assert any(product.guards for seed in SEEDS for product in variant_of(seed).program.step.products)
