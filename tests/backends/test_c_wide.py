"""Generated C of wide rules: strict compilers, hostile names, the order of sums, and products by a BLAS."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from symopt.backends.base import render
from symopt.backends.c import BACKEND
from symopt.catalogue import rule
from symopt.lang import (
    Hyper,
    NonNegative,
    Rule,
    State,
    inverse_root,
    largest,
    matmul,
    smallest,
    total,
    transpose,
    where,
)
from symopt.lang.ops import model_total
from symopt.run.compile import FLAGS, compiler
from symopt.run.kernel import load
from tests.backends.blas import CBLAS
from tests.backends.test_c_backend import CONTRACT, STRICT, needs_gcc, write
from tests.run.small_rules import RULES, Newton, Roots


class Names(Rule, name="names"):
    """States called like everything that the source itself has names for."""

    lr, lane, end = Hyper(0.1, domain=NonNegative), Hyper(1, domain=NonNegative), Hyper(1, domain=NonNegative)
    slot1, slot2, scratch, work, memory, down, along, tensors, kt = (State() for _ in range(9))
    begin, count, ib, ic, ir, panel, seed, values, more, fewer = (State() for _ in range(10))
    u_row, u_total, u_lanes, v_sums = (State() for _ in range(4))

    def update(s) -> None:
        s.u = total(s.g * s.u_row, axis=1)
        s.w = total(s.g * s.u_total)
        s.v = total(s.g * s.v_sums, axis=0)
        s.u_row = s.u_row * s.lane + s.u
        s.u_total = s.u_total + s.w
        s.w_row, s.w_lanes = largest(s.u), smallest(s.v)
        s.v_sums = s.v_sums + s.v
        s.u_lanes = s.u_lanes + s.g
        for name in ("slot1", "slot2", "scratch", "work", "memory", "down", "along", "tensors", "kt", "begin", "count",
                     "ib", "ic", "ir", "panel", "seed", "values"):  # fmt: skip
            setattr(s, name, getattr(s, name) + s.g * s.w_row + s.w_lanes)
        s.more = s.more + matmul(s.g, transpose(s.memory))
        s.fewer = s.fewer + inverse_root(s.more, 2, s.end)
        s.p = s.p - s.lr * s.u * s.v * s.w * s.u_lanes * s.slot1 - matmul(s.fewer, s.g) * s.slot2 * s.normal()


class ModelNames(Rule, name="model_names"):
    """Numbers of the model, an array of rows and one called like the sum of one."""

    d, x_row = State(init=1), State()

    def update(s) -> None:
        s.x = model_total(s.g)
        s.x_row = s.x_row + s.x
        s.x_total = s.x * 2
        s.d = s.d + s.x_total
        s.p = s.p - s.g * s.d


class OneNumber(Rule, name="one_number"):
    """A model whose only state is a number."""

    d = State(init=2)

    def update(s) -> None:
        s.d = s.d + model_total(s.g * s.p)
        s.p = s.p - s.g * s.d


class Counting(Rule, name="counting"):
    """Conditions and choices inside reductions of every kind, and a loss that only the step reads."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.g_at = s.gradient(at=s.p - s.lr * s.p)
        s.rows_with = total(where(s.g_at > 0, 1, 0), axis=1)
        s.cols_with = total(where(s.g_at < s.p, s.p, 0), axis=0)
        s.least = smallest(where(s.g_at > 0, s.g_at, 7))
        s.p = s.p - s.loss * s.g_at * s.rows_with - s.cols_with * s.least


HOSTILE = (Names, ModelNames, OneNumber, Counting)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    found = tmp_path_factory.mktemp("wide")
    (found / "cblas.h").write_text(CBLAS)
    return found


@pytest.fixture(scope="module")
def sources(folder) -> list[Path]:
    return [write(cls, folder) for cls in [*RULES, *HOSTILE, rule("lamb")]]


def compile_all(command: list[str], files: list[Path]) -> str:
    words = [*command, *map(str, files)]
    done = subprocess.run(words, capture_output=True, text=True, cwd=files[0].parent, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["c99", "c11", "c17"])
@pytest.mark.parametrize("flags", [[], ["-DSYMOPT_BLAS", "-I."]], ids=["plain", "blas"])
def test_small_and_hostile_rules_are_clean_under_strict_warnings(sources, compiler, standard, flags):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    compile_all([compiler, f"-std={standard}", *STRICT, *flags, "-fsyntax-only"], sources)


def test_conditions_stay_conditions_in_double(sources):
    """A condition is no number, which gcc does not say."""
    chosen = [line for source in sources for line in source.read_text().splitlines() if "_lanes[lane] += " in line]
    assert any(" ? 1.0 : 0.0;" in line for line in chosen)
    assert not [line for line in chosen if re.search(r"\(double\)\w+ \?", line)]


@needs_gcc
def test_what_only_optimising_finds_is_not_there(sources):
    """Values that may not be set, and indices that may lie outside."""
    compile_all(["gcc", "-std=c11", "-O2", *STRICT, "-S", "-o", "/dev/null", "-x", "c"], [together(sources)])


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_headers_are_cxx(sources):
    text = "".join(f'#include "{source.stem}.h"\n' for source in sources)
    (sources[0].parent / "together.cpp").write_text(text)
    flags = [flag for flag in STRICT if flag != "-Wmissing-prototypes"]
    compile_all(["g++", "-std=c++11", *flags, "-fsyntax-only"], [sources[0].parent / "together.cpp"])


def together(sources: list[Path]) -> Path:
    one = sources[0].parent / "one.c"
    one.write_text("".join(f'#include "{source.name}"\n' for source in sources))
    return one


@needs_gcc
def test_the_loops_of_both_sweeps_are_vectorised(sources):
    (source,) = [source for source in sources if source.stem == "lamb"]
    said = compile_all(["gcc", "-std=c11", *CONTRACT, "-fopt-info-vec-optimized", "-c", "-o", "/dev/null"], [source])
    vectorised = {int(line) for line in re.findall(r"\.c:(\d+):\d+: optimized: .*loop vectorized", said)}
    sweep, loops = "", {}
    for number, line in enumerate(source.read_text().splitlines(), 1):
        sweep = line if line.startswith("static void") else "" if line == "}" else sweep
        if sweep and line.strip() in ("for (size_t lane = 0; lane < 8; lane++) {", "for (size_t i = 0; i < n; i++) {"):
            loops[number] = sweep
    assert len(loops) == 4  # two sweeps in two types
    assert set(loops) <= vectorised


def test_sources_say_how_to_use_a_blas_where_they_have_products():
    muon, lamb = render(BACKEND, rule("muon"))["muon.c"], render(BACKEND, rule("lamb"))["lamb.c"]
    assert "With -DSYMOPT_BLAS the products of matrices are those of a CBLAS" in muon.partition("*/")[0]
    assert "BLAS" not in lamb


def test_headers_say_whether_ranges_of_one_array_may_be_worked_on_at_once():
    def head(name: str) -> str:
        return " ".join(render(BACKEND, rule(name))[f"{name}.h"].partition("*/")[0].split())

    assert "may run at the same time on different ranges of the same arrays." in head("adamw")
    for name in ("lamb", "muon", "prodigy", "sgld"):
        assert "may run at the same time on different arrays." in head(name)


# The order of sums


class Summed(Rule, name="summed"):
    """The parameter becomes the sum of the gradient; a product in single precision is exact in double."""

    def update(s) -> None:
        s.p = total(s.g * s.g) + s.p * 0


def in_order(terms: np.ndarray) -> float:
    """The sum in the order that kernels define: thousands of eight lanes each."""
    whole = 0.0
    for begin in range(0, len(terms), 1024):
        lanes = [0.0] * 8
        for position, term in enumerate(terms[begin : begin + 1024].tolist()):
            lanes[position % 8] += term
        a, b, c, d, e, f, g, h = lanes
        whole += ((a + e) + (c + g)) + ((b + f) + (d + h))
    return whole


LENGTHS = (0, 1, 2, 7, 8, 9, 15, 16, 1016, 1023, 1024, 1025, 1032, 2047, 2048, 2049, 5000)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sums_have_an_order(dtype):
    pytest.importorskip("cffi")
    kernel = load(Summed, dtype)
    rng = np.random.default_rng(1)
    differs = 0
    for length in LENGTHS:
        g = (rng.standard_normal(length) * 10.0 ** rng.uniform(-6, 6, length)).astype(dtype)
        terms = g.astype(np.float64) * g.astype(np.float64)
        p = np.zeros(length, dtype)
        kernel.step(p, g, {}, 1)
        assert np.all(p == np.dtype(dtype).type(in_order(terms)))
        differs += in_order(terms) != sum(terms.tolist())
    assert differs > 3  # the order can be told from another


def test_the_order_is_not_that_of_memory_addresses():
    """The same bits wherever an array begins."""
    pytest.importorskip("cffi")
    kernel, raw = load(rule("lamb"), "float32"), np.zeros(5 * 4 * 3001 + 64, np.uint8)
    start = np.random.default_rng(2).standard_normal((2, 3001)).astype(np.float32)
    found = []
    for offset in (0, 1, 4, 8, 20, 33):
        places = [raw[offset + 4 * 3001 * k :][: 4 * 3001].view(np.float32) for k in range(4)]
        p, g = places[:2]
        p[:], g[:] = start
        states = dict(zip("mv", places[2:], strict=True))
        for state in states.values():
            state[:] = 0
        for t in (1, 2, 3):
            kernel.step(p, g, states, t, lr=0.1)
        found.append(p.copy())
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


def test_sums_are_taken_in_double_and_squares_of_large_floats_do_not_overflow():
    pytest.importorskip("cffi")
    kernel = load(rule("lamb"), "float32")
    p = np.full(100, 1e30, np.float32)
    states = kernel.init(p)
    kernel.step(p, np.ones(100, np.float32), states, 1, lr=0.5, weight_decay=0.0)
    np.testing.assert_allclose(p, 0.5e30, rtol=1e-5)


# Products


@needs_gcc
@pytest.mark.parametrize("cls", [Newton, Roots], ids=["newton", "roots"])
def test_a_blas_gives_the_same_step(cls, tmp_path, monkeypatch):
    """The whole kernel with a plain loop and with the products of a CBLAS."""
    cffi = pytest.importorskip("cffi")
    monkeypatch.setenv("SYMOPT_CACHE_DIR", str(tmp_path / "cache"))
    source = write(cls, tmp_path)
    (tmp_path / "cblas.h").write_text(CBLAS)
    library = tmp_path / "blas.so"
    command = [*compiler(), *FLAGS, "-DSYMOPT_BLAS", f"-I{tmp_path}", str(source), "-o", str(library), "-lm"]
    subprocess.run(command, check=True)
    plain = load(cls, "float64")
    rng = np.random.default_rng(4)
    for shape in ((5, 3), (3, 70), (1, 1), (66, 65)):
        start = rng.standard_normal(shape)
        found: list[Any] = []
        for kernel in (plain, with_library(plain, cffi, library)):
            p = start.copy()
            states = kernel.init(p)
            for t in (1, 2, 3):
                kernel.step(p, np.cos(p * t), states, t, lr=0.1)
            found.append(p)
        assert math.isfinite(found[0].sum())
        np.testing.assert_allclose(found[1], found[0], rtol=1e-9, atol=1e-9)
    assert np.any(found[1] != found[0])  # this one adds from the other end


def with_library(kernel: Any, cffi: Any, library: Path) -> Any:
    """The same kernel with the functions of another library."""
    other = load(kernel.rule, str(kernel.dtype))
    other._lib = kernel._ffi.dlopen(str(library))
    return other
