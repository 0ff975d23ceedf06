"""The compiler and its cache, kernels on NumPy arrays, and the messages where something is missing or wrong."""

from __future__ import annotations

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from symopt.backends.base import render
from symopt.backends.c import BACKEND
from symopt.catalogue import resolve, rule
from symopt.errors import DomainError, MissingToolError, UsageError
from symopt.lang import Rule, State, maximum, minimum
from symopt.run import compile as compiling
from symopt.run.compile import CompileError, compiler, shared_library
from symopt.run.kernel import CKernel, load
from symopt.run.team import GRAIN, LEAST, Team, chunks, team

needs_c = pytest.mark.skipif(
    not any(shutil.which(name) for name in compiling.COMPILERS) or pytest.importorskip("cffi") is None,
    reason="no C compiler",
)


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _own_cache(cache_folder, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(cache_folder))
    monkeypatch.delenv("CC", raising=False)


def arrays(size: int, dtype: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal(size).astype(dtype), rng.standard_normal(size).astype(dtype)


@needs_c
def test_adamw_in_double_is_the_formula():
    p, _ = arrays(1003, "float64")
    kernel = load(rule("adamw"), "float64")
    states = kernel.init(p)
    expected, m, v = p.copy(), np.zeros_like(p), np.zeros_like(p)
    for t in range(1, 9):
        g = arrays(1003, "float64", seed=t)[1]
        kernel.step(p, g, states, t, lr=0.1, weight_decay=0.2)
        m, v = 0.9 * m + (1 - 0.9) * g, 0.999 * v + (1 - 0.999) * g * g
        root = np.sqrt(v / (1 - 0.999**t))
        expected = expected * (1 - 0.1 * 0.2) - 0.1 * (m / (1 - 0.9**t)) / (root + 1e-8)
    np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(states["v"], v, rtol=1e-13)


@needs_c
def test_float_arithmetic_is_done_in_float_without_contraction():
    p, g = arrays(1003, "float32")
    expected = p - np.float32(0.1) * g
    load(rule("sgd"), "float32").step(p, g, {}, 1, lr=0.1)
    np.testing.assert_array_equal(p.view(np.uint32), expected.view(np.uint32))


class Larger(Rule):
    """No update rule, but the larger of two values, and no hyper-parameter."""

    smallest = State()

    def update(s) -> None:
        s.smallest = minimum(s.p, s.g)
        s.p = maximum(s.p, s.g)


@needs_c
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_maxima_and_signs_of_nan_are_nan_as_in_numpy(dtype):
    hostile = np.array([np.nan, 1, -1, 0, np.inf, -np.inf] * 6, dtype)
    p, g = np.repeat(hostile, hostile.size), np.tile(hostile, hostile.size)
    kernel, larger = load(Larger, dtype), np.maximum(p, g)
    states = kernel.init(p)
    smaller = np.minimum(p, g)
    kernel.step(p, g, states, 1)
    np.testing.assert_array_equal(p, larger)
    np.testing.assert_array_equal(states["smallest"], smaller)
    signs = np.zeros_like(g)
    load(rule("signsgd"), dtype).step(signs, -g, {}, 1, lr=1)
    np.testing.assert_array_equal(signs, np.sign(g))


@needs_c
def test_a_fixed_value_and_a_schedule_are_compiled_in():
    p, g = arrays(17, "float64")
    free, fixed, q = load(rule("sgd")), load(resolve("sgd[lr=0.25]")), p.copy()
    assert "lr" in free.hypers
    assert "lr" not in fixed.hypers
    fixed.step(p, g, {}, 1)
    free.step(q, g, {}, 1, lr=0.25)
    np.testing.assert_array_equal(p, q)
    scheduled, r = load(resolve("sgd[lr=exponential(factor=0.5)]")), q.copy()
    scheduled.step(r, g, {}, 3, lr=1.0)
    np.testing.assert_array_equal(r, q - 0.25 * g)


@needs_c
def test_a_point_is_computed_before_the_gradient_and_states_start_where_the_rule_says():
    p, g = arrays(9, "float64")
    kernel, start = load(rule("nag")), p.copy()
    states = kernel.init(p)
    np.testing.assert_array_equal(states["p_prev"], p)
    states["p_prev"] -= 1
    point = kernel.point(p, states, 2, mu=0.5)
    np.testing.assert_array_equal(point, p + 0.5 * (p - states["p_prev"]))
    kernel.step(p, g, states, 2, mu=0.5, lr=0.1)
    np.testing.assert_array_equal(p, point - 0.1 * g)
    np.testing.assert_array_equal(states["p_prev"], start)
    assert load(rule("rmsprop_tf")).init(p, v0=0.5)["v"].tolist() == [0.5] * 9


@needs_c
def test_unaligned_and_empty_arrays_are_fine():
    kernel = load(rule("sgd"), "float32")
    raw = np.zeros(41, np.uint8)
    p, g = raw[1:].view(np.float32), np.ones(10, np.float32)
    kernel.step(p, g, {}, 1, lr=2)
    assert p.tolist() == [-2.0] * 10
    kernel.step(np.empty(0, np.float32), np.empty(0, np.float32), {}, 1)


@needs_c
def test_the_text_in_a_folder_is_compiled_where_one_is_named(tmp_path):
    for name, text in render(BACKEND, rule("sgd")).items():
        (tmp_path / name).write_text(text.replace("p[i] - lr * g[i]", "p[i] + lr * g[i]"))
    p, g = np.zeros(3), np.ones(3)
    load(rule("sgd"), "float64", tmp_path).step(p, g, {}, 1, lr=2)
    assert p.tolist() == [2.0] * 3
    with pytest.raises(UsageError, match="has no kernel of adam"):
        load(rule("adam"), "float64", tmp_path)
    with pytest.raises(UsageError, match="fixes hyper-parameters"):
        load(resolve("sgd[lr=1]"), "float64", tmp_path)


@pytest.fixture
def momentum() -> CKernel:
    return load(resolve("sgd[momentum=True]"), "float32")


@needs_c
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update(g=a["g"].astype(np.float64)), "g is float64; this kernel takes float32"),
        (lambda a: a.update(g=np.ones(16, np.float32)[::2]), "g is not contiguous"),
        (lambda a: a.update(g=np.ones(9, np.float32)), r"g has the shape \(9,\); the others have \(8,\)"),
        (lambda a: a["p"].flags.__setattr__("writeable", False), "p is read-only"),
        (lambda a: a.update(g=a["p"]), "p and g overlap"),
        (lambda a: a.update(g=[1.0] * 8), "g is list"),
        (lambda a: a.update(states={}), "needs the array 'b'"),
        (lambda a: a.update(states={"bb": a["p"]}), "no array 'bb'; did you mean b"),
        (lambda a: a.update(hypers={"LR": 1}), "no hyper-parameter 'LR'"),
    ],
)
def test_wrong_arrays_are_refused_with_a_message(momentum, change, message):
    a = {"p": np.ones(8, np.float32), "g": np.ones(8, np.float32), "hypers": {}}
    a["states"] = momentum.init(a["p"])
    change(a)
    with pytest.raises(UsageError, match=message):
        momentum.step(a["p"], a["g"], a["states"], 1, **a["hypers"])
    assert np.all(a["p"] == 1)


@needs_c
@pytest.mark.parametrize(
    ("t", "hypers", "message"),
    [
        (0, {}, "steps count from 1, got t = 0"),
        (1, {"lr": -1}, "0 <= lr, got -1"),
        (1, {"mu": float("nan")}, "got nan"),
    ],
)
def test_values_outside_their_domain_are_refused(momentum, t, hypers, message):
    p, g = np.ones(8, np.float32), np.ones(8, np.float32)
    with pytest.raises(DomainError, match=message):
        momentum.step(p, g, momentum.init(p), t, **hypers)
    assert np.all(p == 1)


@needs_c
def test_an_unknown_type_is_refused():
    with pytest.raises(UsageError, match="no C kernel for dtype 'float16'; did you mean float"):
        load(rule("sgd"), "float16")


@needs_c
def test_a_library_is_compiled_once_also_by_several_at_a_time(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))
    calls = []
    real = compiling._compile
    monkeypatch.setattr(compiling, "_compile", lambda *args: (calls.append(args), real(*args)))
    text = {"one.c": "int one(void); int one(void) { return 1; }"}
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: shared_library(text, "one.c"), range(4)))
    assert len(found) == len(calls) == 1
    other = shared_library({"one.c": text["one.c"].replace("return 1", "return 2")}, "one.c")
    assert other not in found
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".lock", ".lock", ".so", ".so"]


@needs_c
def test_a_source_that_is_no_c_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path))
    with pytest.raises(CompileError, match=r"refuses bad\.c: .*error"):
        shared_library({"bad.c": "int f( {"}, "bad.c")
    assert [path.suffix for path in tmp_path.iterdir()] in ([".lock"], [])


@needs_c
def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path / "file" / "below"))
    with pytest.raises(UsageError, match="set SYMOPT_CACHE_DIR"):
        shared_library({"two.c": "int two;"}, "two.c")


def test_without_a_compiler_the_message_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match=r"no C compiler .*apt-get install gcc") as caught:
        compiler()
    assert caught.value.exit_status == 4
    monkeypatch.setenv("CC", "no-such-compiler -m32")
    with pytest.raises(MissingToolError, match="CC is 'no-such-compiler'"):
        load(rule("sgd"))


def test_without_the_extra_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cffi", None)
    with pytest.raises(MissingToolError, match=r"cffi is not installed.*pip install 'symopt-codegen\[c\]'"):
        compiling.needed("cffi")


@needs_c
@pytest.mark.parametrize("threads", [2, 3])
def test_the_number_of_threads_does_not_change_a_bit(threads):
    kernel, size = load(rule("adamw"), "float32"), LEAST + 1001
    results = []
    for count in (1, threads):
        p, g = arrays(size, "float32")
        states = kernel.init(p)
        step = kernel.bind(p, g, states, count)
        for t in (1, 2, 3):
            step(t)
        results.append([p, states["m"], states["v"]])
    for alone, together in zip(*results, strict=True):
        np.testing.assert_array_equal(alone, together)
    with pytest.raises(DomainError, match="0 < eps, got 0"):
        kernel.bind(p, g, states, threads, eps=0)(1)


@pytest.mark.parametrize("size", [0, 1, LEAST - 1, LEAST, LEAST + 1, 1_000_003, 10_000_000])
@pytest.mark.parametrize("threads", [1, 2, 3, 8, 64])
def test_chunks_cover_everything_once(size, threads):
    found = chunks(size, threads)
    assert found[0][0] == 0
    assert found[-1][1] == size
    assert all(stop == start for (_, stop), (start, _) in pairwise(found))
    assert all(start < stop and start % GRAIN == 0 for start, stop in found) or size == 0
    assert (len(found) == 1) == (threads == 1 or size < LEAST)


def test_a_team_does_every_chunk_once_and_hands_on_errors():
    done: list[int] = []
    assert Team(3).run(lambda k: done.append(k) or k % 5, 40) == 4
    assert sorted(done) == list(range(40))
    with pytest.raises(ZeroDivisionError):
        team(2).run(lambda k: 1 // k, 4)
    assert team(2).run(lambda k: k, 4) == 3  # and goes on working


def test_a_team_is_not_done_before_its_slowest_chunk():
    finished: list[int] = []

    def work(chunk: int) -> int:
        time.sleep(0.002 if threading.current_thread() is threading.main_thread() else 0.01 + 0.01 * (chunk % 7))
        finished.append(chunk)
        return 0

    for _ in range(5):
        finished.clear()
        Team(3).run(work, 9)
        assert len(finished) == 9


def test_a_busy_team_lets_the_caller_do_the_work():
    both = team(2)
    assert both.run(lambda k: both.run(lambda inner: inner, 3), 2) == 2


def test_a_team_ends_with_its_last_user():
    gone = Team(2)
    thread = gone._workers[0].thread
    del gone
    thread.join(timeout=5)
    assert not thread.is_alive()
