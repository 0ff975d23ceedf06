"""The cross-check finds what is wrong: each comparison is shown a kernel that is off, and must fail."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import Variant, variants_of
from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import num, op, ref
from symopt.lang.rule import Rule
from symopt.run import check as checking
from symopt.run.agreement import difference, rounds_in_one_way
from symopt.run.bound import RunningError
from symopt.run.check import check, exact_trials, trials_of, varied
from symopt.run.hostile import (
    BLOCKS,
    HOSTILE,
    LENGTHS,
    MATRICES,
    ZERO_GRADIENTS,
    ZERO_PARAMETERS,
    inside,
    mild,
    unaligned,
    values,
)
from symopt.run.modules import NumPyKernel, load_module
from symopt.run.oracle import Distance, against_exact
from symopt.run.phase_bound import addends
from symopt.run.trial import Trial
from symopt.run.ulp import same, ulps
from tests.run.small_rules import RULES

needs_compiler = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")


def numpy_kernel(name: str, options: Mapping[str, Any] | None = None) -> tuple[Variant, NumPyKernel]:
    variants = variants_of(catalogue.rule(name))
    wanted = catalogue.rule(name)(**(options or {})).options
    variant = next(v for v in variants if v.rule.options == wanted)
    return variant, NumPyKernel(load_module("numpy", variants), variant)


def small(name: str) -> type[Rule]:
    return next(rule for rule in RULES if rule.name == name)


class Off:
    """A kernel that adds ``ulps`` units in the last place to ordinary elements in one step."""

    def __init__(self, kernel: NumPyKernel, ulps: float, at: int = 3) -> None:
        self.kernel, self.ulps, self.at = kernel, ulps, at

    def init(self, p: Any, /, **hypers: float) -> dict[str, Any]:
        return self.kernel.init(p, **hypers)

    def point(self, p: Any, states: Any, t: int, /, **given: Any) -> Any:
        return self.kernel.point(p, states, t, **given)

    def step(self, p: Any, g: Any, states: Any, t: int, /, **given: Any) -> None:
        arrays = p if isinstance(p, list) else [p]
        before = [array.copy() for array in arrays]
        self.kernel.step(p, g, states, t, **given)
        for old, new in zip(before, arrays, strict=True):
            if t == self.at:
                usable = np.isfinite(new) & (np.abs(new) > np.abs(old) / 2) & (np.abs(new) > 1e-20)
                new[usable] += self.ulps * np.spacing(new[usable])


# One rule for each kind of operation: all of the catalogue is checked by ``symopt check``.


@needs_compiler
@pytest.mark.parametrize("name", ["adamw", "sgd", "nag", "lion", "adamax", "ewa", "nadam_dozat"])
def test_kernels_agree(name: str) -> None:
    pytest.importorskip("torch")
    report = check([catalogue.resolve(name)])
    assert report.exit_status == 0, report.text()
    variants = list(catalogue.rule(name).variants())
    assert [row.rule for row in report.rows] == [v.title for v in variants for _ in range(2)]
    for row in report.rows:
        assert row.on == "arrays"
        assert row.c.text == "bits"
        assert row.exact.ok
        # Only roots are not rounded correctly in PyTorch.
        assert row.torch.ok
        assert row.torch.text == "bits" or name in {"adamw", "nadam_dozat"}


@needs_compiler
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_kernels_of_wide_rules_agree(rule: type[Rule]) -> None:
    """Sums over elements have an order: NumPy and C agree to the bit. Along axes, and in PyTorch, a bound decides."""
    pytest.importorskip("torch")
    report = check([rule()])
    assert report.exit_status == 0, report.text()
    (variant,) = variants_of(rule)
    for row in report.rows:
        assert all(cell.ok for cell in (row.c, row.torch, row.exact))
        assert row.on == ("models of " * variant.program.over_model) + (
            "matrices" if variant.program.has_axes else "arrays"
        )
        assert row.c.text == "bits" or not rounds_in_one_way(variant)
    assert rounds_in_one_way(variant) == (rule.name not in MATRIX_RULES and rule.name != "langevin")


MATRIX_RULES = frozenset({"extremes", "factored", "newton", "roots", "rotated"})


def test_on_what_kernels_are_compared() -> None:
    """No element, one, odd numbers; tall and wide; several tensors; zeros; sums of several blocks."""

    def fed(rule: type[Rule]) -> list[tuple[list[tuple[int, ...]], str]]:
        (variant,) = variants_of(rule)
        return [(trial.shapes, trial.feed.name) for trial in trials_of(variant, "float32", varied(variant))]

    zeros = {ZERO_PARAMETERS.name, ZERO_GRADIENTS.name}
    assert fed(small("counted")) == [([(n,)], HOSTILE.name) for n in LENGTHS]
    flat = fed(small("trust"))
    assert {0, 1, BLOCKS} <= {shapes[0][0] for shapes, _ in flat}
    assert zeros | {HOSTILE.name} <= {feed for _, feed in flat}
    matrices = fed(small("factored"))
    assert {shapes[0] for shapes, _ in matrices} == set(MATRICES)
    assert any(a > b > 1 for a, b in MATRICES)
    assert any(1 < a < b for a, b in MATRICES)
    assert {(1, 1), (1, 5), (5, 1)} < set(MATRICES)
    assert any(0 in shape for shape in MATRICES)
    assert zeros < {feed for _, feed in matrices}
    models = fed(small("global_clip"))
    assert {len(shapes) for shapes, _ in models} == {1, 3}
    assert any(0 in shape for shapes, _ in models for shape in shapes)
    assert zeros < {feed for _, feed in models}


def test_numbers_that_are_mild_are_small_large_and_zero_in_turn() -> None:
    sizes = [float(np.abs(mild(50, "float64", t)).max()) for t in range(1, 8)]
    assert 0.0 in sizes
    assert max(sizes) > 1e3
    assert 0 < min(size for size in sizes if size) < 1e-4
    assert 0 < (mild(50, "float64", 1) == 0).sum() < 20


def test_one_variant_alone() -> None:
    report = check([catalogue.resolve("adam[amsgrad=True]")])
    assert [row.rule for row in report.rows] == ["adam[amsgrad=True]"] * 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_difference_in_the_last_place_is_seen(dtype: str) -> None:
    variant, kernel = numpy_kernel("adam")
    trial = Trial(variant, dtype, varied(variant), [(9,)], HOSTILE)
    path = trial.path(kernel)
    assert difference(variant, path, trial.path(kernel)) == 0
    assert difference(variant, path, trial.path(Off(kernel, 1))) >= 1  # type: ignore[arg-type]


def test_the_trajectory_reaches_the_edges() -> None:
    """The data holds zeros of both signs, subnormals, and 1e30, and does not overflow everywhere."""
    variant, kernel = numpy_kernel("adam")
    p = values(LENGTHS[-1], "float32", 0)
    assert np.signbit(p[p == 0]).any()
    assert not np.signbit(p[p == 0]).all()
    assert ((p != 0) & (np.abs(p) < np.finfo(np.float32).tiny)).any()
    assert (np.abs(p) == np.float32(1e30)).any()
    path = Trial(variant, "float64", varied(variant), [(LENGTHS[-1],)], HOSTILE).path(kernel)
    assert len(path) >= 25
    assert np.isfinite(path[-1]["p"][0]).all()
    assert unaligned(p).ctypes.data % 16 != 0 or unaligned(p[:1]).ctypes.data % 16 != 0


def exactly(kernel: Any, variant: Variant, dtype: str) -> Distance:
    return against_exact(Trial(variant, dtype, varied(variant), [(24,)], HOSTILE), kernel, 4)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop"])
def test_a_kernel_within_its_bound_passes_and_one_beyond_fails(name: str, dtype: str) -> None:
    variant, kernel = numpy_kernel(name)
    found = exactly(kernel, variant, dtype)
    assert found.compared > 50
    assert 0 < found.share <= 1
    assert found.ulps < 6
    assert exactly(Off(kernel, 40), variant, dtype).share > 1


@pytest.mark.parametrize("name", ["trust", "newton", "global_clip"])
def test_single_precision_of_wide_rules_is_within_its_bound(name: str) -> None:
    variants = variants_of(small(name))
    kernel = NumPyKernel(load_module("numpy", variants), variants[0])
    for trial in exact_trials(variants[0], "float32"):
        assert 0 < against_exact(trial, kernel, 4).share <= 1
    off = [against_exact(trial, Off(kernel, 4000), 4).share for trial in exact_trials(variants[0], "float32")]  # type: ignore[arg-type]
    assert max(off) > 1


def test_without_a_compiler_the_rest_is_compared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    report = check([catalogue.resolve("sgd")])
    assert {row.c.text for row in report.rows} == {"not available"}
    assert all(row.exact.ok for row in report.rows)
    assert report.exit_status == 0
    assert any("no C compiler" in note for note in report.notes)
    assert "not compared: no C compiler" in report.text()


def test_without_torch_the_rest_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    report = check([catalogue.resolve("signsgd")])
    assert {row.torch.text for row in report.rows} == {"not available"}
    assert any("torch is not installed: pip install 'symopt-codegen[torch]'" in note for note in report.notes)


@needs_compiler
@pytest.mark.parametrize(("which", "column"), [("NumPyKernel", "exact"), ("TorchKernel", "torch"), ("_load_c", "c")])
def test_a_kernel_that_is_off_fails_where_it_is_compared(
    monkeypatch: pytest.MonkeyPatch, which: str, column: str
) -> None:
    pytest.importorskip("torch")
    right = getattr(checking, which)
    monkeypatch.setattr(checking, which, lambda *arguments: Off(right(*arguments), 64, 1))
    report = check([catalogue.resolve("momentum"), small("factored")()])
    assert report.exit_status == 1
    for row in report.rows:
        assert getattr(row, column).ok is False, row
    assert "FAILED" in report.text()


def test_what_a_backend_refuses_is_no_failure_and_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*arguments: Any) -> Any:
        raise UnsupportedError("small: this backend does no such thing")

    monkeypatch.setattr(checking, "_load_c", refused)
    report = check([catalogue.resolve("signsgd")])
    assert {row.c.text for row in report.rows} == {"no kernel"}
    assert report.notes == ("no kernel: small: this backend does no such thing",)
    assert report.exit_status == 0
    found = report.to_json()
    assert found["ok"] is True
    assert found["rows"][0]["c"] == {"text": "no kernel", "ok": None}
    assert found["rows"][0]["exact"]["ok"] is True


# Ulps.


def test_ulps() -> None:
    a = np.array([1.0, 1.0, 0.0, np.nan, np.inf, np.inf, 2.0, -0.0])
    b = np.array([1.0, 1 + 2**-52, 5e-324, np.nan, np.inf, 1.0, np.nan, 0.0])
    assert list(ulps(a, b)) == [0, 1, 1, 0, 0, np.inf, np.inf, 0]
    assert list(same(a, b)) == [True, False, False, True, True, False, False, False]
    assert same(a, b, signed_zeros=False)[-1]
    assert list(ulps(np.float32([1]), np.float32([1 + 2**-23]), np.float32([4]))) == [0.25]


def test_addends() -> None:
    total = op("sub", op("add", ref("a"), ref("s")), op("mul", num(2), ref("b")))
    found = addends(total, {"s": op("add", ref("x"), ref("y"))})
    assert found == [ref("a"), ref("s"), ref("x"), ref("y"), op("mul", num(2), ref("b"))]
    assert evaluate([found[0]], {"a": 1.5}, RunningError("float64")) == [1.5]  # type: ignore[arg-type]


def test_values_of_domains_are_inside_and_differ() -> None:
    for name in catalogue.rule_names():
        for variant in variants_of(catalogue.rule(name)):
            for hyper in variant.trace.hypers:
                assert varied(variant)[hyper.name] in hyper.domain
                assert inside(hyper.domain, 0) != inside(hyper.domain, 1)
