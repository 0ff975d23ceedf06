"""NumPy and PyTorch kernels of every kind of rule, and of random ones, do what the traces say."""

from __future__ import annotations

from typing import Any

import pytest

from symopt.backends.base import Variant, variants_of
from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.ir.trace import Trace
from symopt.lang import Hyper, NonNegative, Rule, State, mean, model_total, norm, sqrt, wide
from symopt.passes.pipeline import lower
from symopt.run.modules import NumPyKernel, TorchKernel, load_module
from tests.backends.kernel_run import Run, Shapes
from tests.run.small_rules import RULES, Rotated, Trust, random_trace

MATRICES: Shapes = [(4, 3), (3, 5), (1, 6), (5, 1), (1, 1), (0, 3), (3, 0), (4, 4)]
SQUARES: Shapes = [(4, 4), (1, 1), (2, 2)]
ARRAYS: Shapes = [(7,), (3, 4), (), (50,), (0,), (1,), (2, 3, 2)]
KERNELS = {"numpy": NumPyKernel, "torch": TorchKernel}


class OldValues(Rule, name="old_values"):
    """States that become the parameter before the step, as it is and laid wide."""

    lr = Hyper(0.1, domain=NonNegative)
    before, laid = State(init="p"), State()

    def update(s) -> None:
        s.laid = wide(s.p)
        s.before = s.p
        s.p = s.p - s.lr * s.g


class TwoLooks(Rule, name="two_looks"):
    """Values that are kept from sweep to sweep, before the first and before the second look at the model."""

    lr = Hyper(0.1, domain=NonNegative)
    a, b, c, d, own = State(), State(init="p"), State(), State(init="p"), State(init=1)

    def update(s) -> None:
        s.u = (s.g + s.a) * (s.b - s.c) + s.d * s.p
        s.own = s.own / 2 + mean(s.u)
        s.first = model_total(s.u / (1 + norm(s.u)))
        s.w = (s.g - s.a) * (s.b + s.c) + s.d * s.p + s.first
        s.second = model_total(s.w / (1 + norm(s.w)))
        s.a, s.b, s.c, s.d = s.d / 2 + s.g, s.a + s.p, s.b / 2, s.c - s.g
        s.p = s.p - s.lr * s.g / (1 + sqrt(abs(s.second)))


ALL: tuple[type[Rule], ...] = (*RULES, OldValues, TwoLooks)


def kernel_of(backend: str, variant: Variant) -> Any:
    if backend == "torch":
        pytest.importorskip("torch")
    return KERNELS[backend](load_module(backend, [variant]), variant)


def has_axes(trace: Trace) -> bool:
    """Whether the trace is one of matrices, its dead statements included."""
    nodes = walk([let.value for let in trace.lets])
    return any(isinstance(n, MatOp) or (isinstance(n, Reduce) and n.axis is not None) for n in nodes)


def worst(variant: Variant, kernel: Any, dtype: str, shapes: Shapes, steps: int = 5, **scales: float) -> float:
    models = [shapes] if variant.program.over_model else [[shape] for shape in shapes]
    return max(Run(variant, kernel, dtype, model, **scales).worst(steps) for model in models)


@pytest.mark.parametrize("backend", KERNELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.__name__)
def test_rules_of_every_kind(rule: type[Rule], dtype: str, backend: str) -> None:
    (variant,) = variants_of(rule)
    # Of a singular matrix the eigenvectors are not unique.
    shapes = SQUARES if rule is Rotated else MATRICES if has_axes(variant.trace) else ARRAYS
    kernel = kernel_of(backend, variant)
    assert worst(variant, kernel, dtype, shapes) < 100
    assert worst(variant, kernel, dtype, shapes, scale_p=0) < 100
    assert rule is Rotated or worst(variant, kernel, dtype, shapes, scale_g=0) < 100


def test_a_rule_keeps_values_in_both_segments() -> None:
    (variant,) = variants_of(TwoLooks)
    kept = [buffer.name for buffer in variant.program.step.buffers]
    stored = [
        {s.array for stage in seg.stages for s in getattr(stage, "stores", ())} for seg in variant.program.step.segments
    ]
    assert sum(not names.isdisjoint(kept) for names in stored) == 2


@pytest.mark.parametrize("backend", KERNELS)
@pytest.mark.parametrize("block", range(4))
def test_random_rules(block: int, backend: str) -> None:
    """Conditions, stretched rows and columns, guards, and values that cross from segment to segment."""
    made = 0
    for seed in range(12 * block, 12 * block + 12):
        recorded = random_trace(seed)
        try:
            variant = Variant(Trust(), "", recorded, lower(recorded))
        except UnsupportedError:
            continue
        shapes = MATRICES if has_axes(recorded) else ARRAYS
        assert worst(variant, kernel_of(backend, variant), "float64", shapes, steps=6) < 1e4, seed
        made += 1
    assert made > 6
