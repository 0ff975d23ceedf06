"""The cross-check finds what is wrong: each comparison is shown a kernel that is off, and must fail."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import Variant, variants_of
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ArrayArithmetic, ball, precision
from symopt.ir.nodes import num, op, ref
from symopt.run import check as checking
from symopt.run.bound import Bounded, RunningError, addends
from symopt.run.check import LENGTHS, check, difference, trajectory, varied
from symopt.run.hostile import inside, unaligned, values
from symopt.run.modules import NumPyKernel, load_module
from symopt.run.oracle import against_exact
from symopt.run.originals import Original, against_originals, originals
from symopt.run.ulp import same, ulps

needs_compiler = pytest.mark.skipif(not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="no C compiler")


def numpy_kernel(name: str, options: Mapping[str, Any] | None = None) -> tuple[Variant, NumPyKernel]:
    variants = variants_of(catalogue.rule(name))
    wanted = catalogue.rule(name)(**(options or {})).options
    variant = next(v for v in variants if v.rule.options == wanted)
    return variant, NumPyKernel(load_module("numpy", variants), variant)


class Off:
    """A kernel that adds ``ulps`` units in the last place to ordinary elements in one step."""

    def __init__(self, kernel: NumPyKernel, ulps: float, at: int = 3) -> None:
        self.kernel, self.ulps, self.at = kernel, ulps, at

    def init(self, p: Any, /, **hypers: float) -> dict[str, Any]:
        return self.kernel.init(p, **hypers)

    def point(self, p: Any, states: Any, t: int, /, **hypers: float) -> Any:
        return self.kernel.point(p, states, t, **hypers)

    def step(self, p: Any, g: Any, states: Any, t: int, /, **hypers: float) -> None:
        before = p.copy()
        self.kernel.step(p, g, states, t, **hypers)
        if t == self.at:
            usable = np.isfinite(p) & (np.abs(p) > np.abs(before) / 2) & (np.abs(p) > 1e-20)
            p[usable] += self.ulps * np.spacing(p[usable])


@needs_compiler
@pytest.mark.parametrize("name", ["adamw", "sgd", "nag", "lion", "adamax", "ewa", "nadam_dozat"])
def test_kernels_agree(name: str) -> None:
    """All of the catalogue is checked by ``symopt check``; here, one rule for each kind of operation."""
    pytest.importorskip("torch")
    report = check([catalogue.resolve(name)])
    assert report.exit_status == 0, report.text()
    variants = list(catalogue.rule(name).variants())
    assert [row.rule for row in report.rows] == [v.title for v in variants for _ in range(2)]
    for row in report.rows:
        assert row.c.text == "bits"
        assert row.exact.ok
        # Only roots are not rounded correctly in PyTorch.
        assert row.torch.ok
        assert row.torch.text == "bits" or name in {"adamw", "nadam_dozat"}


def test_one_variant_alone() -> None:
    report = check([catalogue.resolve("adam[amsgrad=True]")])
    assert [row.rule for row in report.rows] == ["adam[amsgrad=True]"] * 2


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_difference_in_the_last_place_is_seen(dtype: str) -> None:
    variant, kernel = numpy_kernel("adam")
    hypers = varied(variant)
    left = trajectory(variant, kernel, dtype, hypers, 9)
    assert difference(variant, left, trajectory(variant, kernel, dtype, hypers, 9)) == 0
    assert difference(variant, left, trajectory(variant, Off(kernel, 1), dtype, hypers, 9)) >= 1  # type: ignore[arg-type]


def test_the_trajectory_reaches_the_edges() -> None:
    """The data holds zeros of both signs, subnormals, and 1e30, and does not overflow everywhere."""
    variant, kernel = numpy_kernel("adam")
    p = values(LENGTHS[-1], "float32", 0)
    assert np.signbit(p[p == 0]).any()
    assert not np.signbit(p[p == 0]).all()
    assert ((p != 0) & (np.abs(p) < np.finfo(np.float32).tiny)).any()
    assert (np.abs(p) == np.float32(1e30)).any()
    last = trajectory(variant, kernel, "float64", varied(variant), LENGTHS[-1])[-1]
    assert np.isfinite(last["p"]).all()
    assert unaligned(p).ctypes.data % 16 != 0 or unaligned(p[:1]).ctypes.data % 16 != 0


def exactly(kernel: Any, variant: Variant, dtype: str) -> Any:
    gradients = [values(24, dtype, t) for t in range(1, 5)]
    return against_exact(variant, kernel, dtype, varied(variant), values(24, dtype, 0), gradients)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["adam", "sgd", "rmsprop"])
def test_a_kernel_within_its_bound_passes_and_one_beyond_fails(name: str, dtype: str) -> None:
    variant, kernel = numpy_kernel(name)
    found = exactly(kernel, variant, dtype)
    assert found.compared > 50
    assert 0 < found.share <= 1
    assert found.ulps < 6
    assert exactly(Off(kernel, 40), variant, dtype).share > 1


def test_a_wrong_formula_is_seen_by_the_exact_step() -> None:
    """A pass that changes the mathematics leaves NumPy and C equal; only the trace knows better."""

    right, _ = numpy_kernel("adam")
    step = right.program.step
    (sweep,) = step.sweeps
    square = op("mul", ref("g"), ref("g"))
    body = [replace(let, value=op("add", let.value, square)) if let.name == "m_new" else let for let in sweep.body]
    program = replace(right.program, phases=(replace(step, sweeps=(replace(sweep, body=tuple(body)),)),))
    variant = Variant(right.rule, right.suffix, right.trace, program)
    kernel = NumPyKernel(load_module("numpy", [variant]), variant)
    assert exactly(kernel, variant, "float64").share > 1


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
    report = check([catalogue.resolve("momentum")])
    assert report.exit_status == 1
    for row in report.rows:
        assert getattr(row, column).ok is False
    assert "FAILED" in report.text()


# Ulps and bounds, against exact rationals.


def test_ulps() -> None:
    a = np.array([1.0, 1.0, 0.0, np.nan, np.inf, np.inf, 2.0, -0.0])
    b = np.array([1.0, 1 + 2**-52, 5e-324, np.nan, np.inf, 1.0, np.nan, 0.0])
    assert list(ulps(a, b)) == [0, 1, 1, 0, 0, np.inf, np.inf, 0]
    assert list(same(a, b)) == [True, False, False, True, True, False, False, False]
    assert same(a, b, signed_zeros=False)[-1]
    assert list(ulps(np.float32([1]), np.float32([1 + 2**-23]), np.float32([4]))) == [0.25]


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "sqrt", "max", "abs", "neg"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_bound_holds_for_operands_that_are_off(name: str, dtype: str) -> None:
    """Operands are moved within their bounds; the exact result of the moved ones is within the result's bound."""
    rng = np.random.default_rng(0)
    count = 200
    arithmetic, arity = RunningError(dtype), 1 if name in {"sqrt", "abs", "neg"} else 2
    operands, moved = [], []
    for _ in range(arity):
        value = (rng.standard_normal(count) * 10.0 ** rng.integers(-6, 6, count)).astype(dtype)
        value = np.abs(value) if name == "sqrt" else value
        error = np.abs(value) * rng.choice([0, 1e-6, 0.3], count)
        operands.append(Bounded(value, error.astype(np.longdouble)))
        moved.append(
            [Fraction(float(v)) + Fraction(float(e)) * rng.choice([-1, 1]) for v, e in zip(value, error, strict=True)]
        )
    result = arithmetic.op(name, *operands)
    with precision(300):
        exact = ArrayArithmetic().op(name, *(np.array(m, dtype=object) for m in moved))
        for computed, true, limit in zip(result.value, exact, result.error, strict=True):
            if np.isfinite(limit):
                assert float(abs(ball(true) - ball(Fraction(float(computed)))).upper()) <= float(limit)
    # A bound that says nothing would hold as well: without moved operands it is one rounding.
    sharp = arithmetic.op(name, *(Bounded(o.value, np.longdouble(0)) for o in operands))
    assert (sharp.error <= np.spacing(np.abs(sharp.value)) * 1.01 + np.finfo(dtype).smallest_subnormal).all()


def test_a_bound_is_infinite_where_the_range_is_left() -> None:
    arithmetic = RunningError("float32")
    big = Bounded(np.float32([1e30, 1.0]), np.longdouble(0))
    assert list(np.isinf(arithmetic.op("mul", big, big).error)) == [True, False]
    near = Bounded(np.float32([1.0]), np.longdouble([1e-6]))
    assert np.isinf(arithmetic.op("lt", near, Bounded(np.float32([1.0]), np.longdouble(0))).error).all()


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


@pytest.mark.parametrize("original", originals(), ids=lambda o: f"{o.rule}-{o.implementation}")
def test_originals_are_rules_with_such_hyper_parameters(original: Original) -> None:
    hypers = original.hypers({})
    assert set(original.values) <= set(hypers)
    built = original.built(hypers)  # a text that is no hyper-parameter raises
    assert list(built) == list(original.arguments)
    assert original.states(original.resolved)


def test_arguments_of_originals() -> None:
    given = {"a": "lr", "b": ["mu", 2], "c": {"literal": "lr"}, "d": True, "e": {"inner": "mu"}}
    built = Original("momentum", "torch.optim.SGD", given).built({"lr": 0.5, "mu": 0.25})
    assert built == {"a": 0.5, "b": (0.25, 2), "c": "lr", "d": True, "e": {"inner": 0.25}}
    assert Original("momentum", "", {}, values={"lr": 2}).hypers({"lr": 3, "mu": 0.5, "x": 1}) == {"lr": 2, "mu": 0.5}


def test_a_wrong_original_is_far_away_and_a_missing_one_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    variant, kernel = numpy_kernel("momentum")
    right = Original("momentum", "torch.optim.SGD", {"lr": "lr", "momentum": "mu"})
    wrong = replace(right, arguments={"lr": "lr", "momentum": 0.5})
    missing = replace(right, implementation="torch.optim.NoSuch")
    absent = replace(right, implementation="optax.sgd", arguments={"learning_rate": "lr", "momentum": "mu"})
    monkeypatch.setattr("symopt.run.originals.originals", lambda: (right, wrong, missing, absent))
    monkeypatch.setitem(sys.modules, "optax", None)
    found = against_originals(variant, kernel, "float64")
    assert [name for name, _ in found] == ["torch.optim.SGD"] * 2
    assert found[0][1] < 8
    assert found[1][1] > 1e6
