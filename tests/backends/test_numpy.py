"""The generated NumPy modules: right on every layout, in place, without full-size temporaries, clear where refused."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
import tracemalloc
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import variants_of
from symopt.run.modules import load_module

GENERATED = Path(__file__).resolve().parent.parent.parent / "generated" / "numpy"


def module(name: str) -> ModuleType:
    return load_module("numpy", variants_of(catalogue.rule(name)))


@pytest.fixture(scope="module")
def adamw() -> ModuleType:
    return module("adamw")


def by_hand(p: Any, gradients: list[Any], lr: float, b1: float, b2: float, eps: float, decay: float) -> Any:
    """AdamW as Loshchilov & Hutter 2019 state it, in double precision."""
    m, v = np.zeros_like(p), np.zeros_like(p)
    for t, g in enumerate(gradients, 1):
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g**2
        p = p - lr * decay * p - lr * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + eps)
    return p


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_against_the_paper_by_hand(adamw: ModuleType, dtype: str) -> None:
    rng = np.random.default_rng(0)
    p = rng.standard_normal((5, 40)).astype(dtype)
    gradients = [rng.standard_normal((5, 40)).astype(dtype) for _ in range(12)]
    expected = by_hand(p.astype(np.float64), gradients, 0.01, 0.9, 0.99, 1e-6, 0.1)
    state = adamw.init(p)
    for g in gradients:
        adamw.step(p, g, state, lr=0.01, beta1=0.9, beta2=0.99, eps=1e-6, weight_decay=0.1)
    assert p.dtype == dtype
    assert state["t"] == 12
    assert np.abs(p - expected).max() < 40 * np.finfo(dtype).eps


LAYOUTS = {
    "fortran": np.asfortranarray,
    "transposed": lambda a: np.ascontiguousarray(a.T).T,
    "strided": lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
    "reversed": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("blocked", [False, True])
def test_every_layout_gives_the_same_bits(layout: str, blocked: bool) -> None:
    made = module("adamw")
    if blocked:
        made.BLOCK_BYTES = 64  # many blocks, the last one shorter
    rng = np.random.default_rng(1)
    plain = rng.standard_normal((13, 11)).astype(np.float32)
    other = LAYOUTS[layout](plain.copy())
    states = made.init(plain), made.init(other)
    for _ in range(3):
        g = rng.standard_normal(plain.shape).astype(np.float32)
        made.step(plain, g, states[0])
        result, _ = made.step(other, LAYOUTS[layout](g), states[1])
        assert result is other
    assert np.array_equal(plain, other)


@pytest.mark.parametrize("shape", [(), (0,), (3, 0, 2), (1,)])
def test_small_shapes(adamw: ModuleType, shape: tuple[int, ...]) -> None:
    p = np.ones(shape)
    state = adamw.init(p)
    adamw.step(p, np.ones(shape), state)
    assert state["t"] == 1
    np.testing.assert_allclose(p, np.full(shape, 1 - 1e-5 - 1e-3), rtol=1e-7)


def test_arrays_that_are_one_array_are_read_before_they_are_written() -> None:
    made = module("nag")
    p = np.array([1.0, 2.0])
    made.step(p, p, made.init(p), lr=0.5)
    assert list(p) == [0.5, 1.0]


def test_no_temporary_has_the_size_of_the_arrays(adamw: ModuleType) -> None:
    p, g = np.zeros(1_000_000, np.float32), np.ones(1_000_000, np.float32)
    state = adamw.init(p)
    tracemalloc.start()
    adamw.step(p, g, state)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < p.nbytes


def test_a_look_ahead_asks_at_the_point_and_leaves_the_parameter() -> None:
    made = module("nag")
    p = np.array([1.0, 2.0])
    state = made.init(p)
    state["p_prev"][:] = [0.0, 4.0]
    point = made.point(p, state, mu=0.5)
    assert list(point) == [1.5, 1.0]
    assert list(p) == [1.0, 2.0]
    made.step(p, np.array([1.0, 1.0]), state, mu=0.5, lr=0.5)
    assert list(p) == [1.0, 0.5]
    assert list(state["p_prev"]) == [1.0, 2.0]


@pytest.mark.parametrize(
    ("hypers", "message"),
    [
        ({"lr": -0.1}, "lr = -0.1 is outside its domain: 0 <= lr"),
        ({"beta1": 1.0}, "beta1 = 1.0 is outside its domain: 0 <= beta1 < 1"),
        ({"eps": 0.0}, "eps = 0.0 is outside its domain: 0 < eps"),
        ({"lr": math.inf}, "lr = inf"),
        ({"weight_decay": math.nan}, "weight_decay = nan"),
    ],
)
def test_a_value_outside_its_domain_changes_nothing(adamw: ModuleType, hypers: dict[str, float], message: str) -> None:
    p = np.ones(2)
    state = adamw.init(p)
    with pytest.raises(ValueError, match=message):
        adamw.step(p, np.ones(2), state, **hypers)
    assert (p == 1).all()
    assert state["t"] == 0


@pytest.mark.parametrize(
    ("p", "g", "error", "message"),
    [
        (np.ones(2, np.float16), np.ones(2, np.float16), TypeError, "float32 or float64, not float16"),
        (np.ones(2, ">f4"), np.ones(2, ">f4"), TypeError, "not >f4"),
        ([1.0], [1.0], TypeError, "p is a NumPy array"),
        (np.ones(2), [1.0, 1.0], TypeError, "g is a NumPy array, not list"),
        (np.ones(2), np.ones(3), ValueError, r"g is float64 \(3,\), and p is float64 \(2,\)"),
        (np.ones(2), np.ones(2, np.float32), ValueError, r"g is float32 \(2,\), and p is float64"),
    ],
)
def test_wrong_arrays_are_refused(adamw: ModuleType, p: Any, g: Any, error: type[Exception], message: str) -> None:
    state = {"t": 0, "m": np.zeros(2), "v": np.zeros(2)}
    with pytest.raises(error, match=message):
        adamw.step(p, g, state)


def test_a_state_that_lacks_an_array_is_refused(adamw: ModuleType) -> None:
    with pytest.raises(TypeError, match="v is a NumPy array, not NoneType; init makes the state"):
        adamw.step(np.ones(2), np.ones(2), {"t": 0, "m": np.zeros(2)})


def test_read_only_parameters_are_refused(adamw: ModuleType) -> None:
    p = np.ones(2)
    state = adamw.init(p)
    p.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        adamw.step(p, np.ones(2), state)


def test_a_module_imports_numpy_alone() -> None:
    for path in sorted(GENERATED.glob("*.py")):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        assert names == {"math", "numpy"}, path.name


def test_a_committed_module_runs_without_symopt(tmp_path: Path) -> None:
    (tmp_path / "adamw.py").write_text((GENERATED / "adamw.py").read_text(encoding="utf-8"), encoding="utf-8")
    script = "import sys, numpy, adamw; p = numpy.ones(3); adamw.step(p, p.copy(), adamw.init(p)); "
    script += "print('symopt' in sys.modules, round(p[0], 6))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "0.99899"]


BLOCKED = [path for path in sorted(GENERATED.glob("*.py")) if "BLOCK_BYTES" in path.read_text(encoding="utf-8")]


def test_whole_matrices_are_the_exception() -> None:
    assert 40 < len(BLOCKED) < len(list(GENERATED.glob("*.py")))


@pytest.mark.parametrize("path", BLOCKED, ids=lambda path: path.stem)
def test_every_operation_writes_where_it_is_told(path: Path) -> None:
    """Inside a block every call of NumPy has an out, except copyto; sign never writes over its operand."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    blocks = [node for node in tree.body if isinstance(node, ast.FunctionDef) and "_block" in node.name]
    blocks = [block for block in blocks if block.name != "_blocks"]
    calls = [node for block in blocks for node in ast.walk(block) if isinstance(node, ast.Call)]
    steps = [call for call in calls if ast.unparse(call.func).startswith("np.")]
    steps = [call for call in steps if ast.unparse(call.func) != "np.copyto"]
    assert steps
    for call in steps:
        out = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}["out"]
        if ast.unparse(call.func) == "np.sign":
            assert out != ast.unparse(call.args[0])
