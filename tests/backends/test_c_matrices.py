"""Operations on matrices in C against NumPy and mpmath: odd sizes, transposes, repeated eigenvalues, extreme scales."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest

from symopt.backends.base import environment
from symopt.backends.c_products import DOUBLE_TEMPLATES, SCRATCH, TEMPLATES
from symopt.printers.c import CTYPES, CType
from symopt.run.compile import COMPILERS, FLAGS, compiler
from tests.backends.blas import CBLAS

cffi = pytest.importorskip("cffi")
pytestmark = pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="no C compiler")
DTYPES = ("float32", "float64")
SIGNATURES = """
void x_matmul_{0}(size_t rows, size_t inner, size_t cols, const {1} *a, bool a_flipped,
                  const {1} *b, bool b_flipped, {1} *out);
void x_transpose_{0}(size_t rows, size_t cols, const {1} *a, {1} *out);
void x_inverse_root_{0}(size_t n, const {1} *a, double damping, double order, double *scratch, {1} *out);
void x_eigenbasis_{0}(size_t n, const {1} *a, double *scratch, {1} *out);
void x_orthogonal_{0}(size_t n, const {1} *a, double *scratch, {1} *out);
"""


def source() -> str:
    """All templates in both types, with functions that can be called from outside."""
    names, double = (
        dict.fromkeys(name for names in table.values() for name in names) for table in (TEMPLATES, DOUBLE_TEMPLATES)
    )
    texts = [environment().get_template(f"c/{name}.c.j2").render(rule="x") for name in double]
    texts += [
        environment().get_template(f"c/{name}.c.j2").render(rule="x", ctype=ctype)
        for ctype in CTYPES.values()
        for name in names
    ]
    head = (
        "#include <math.h>\n#include <stdbool.h>\n#include <stddef.h>\n#define SYMOPT_RESTRICT restrict\n"
        "#ifdef SYMOPT_BLAS\n#include <cblas.h>\n#endif\n"
    )
    return head + "\n".join(texts).replace("static void x_", "void x_")


class Matrices:
    """The compiled functions, on NumPy arrays."""

    def __init__(self, folder: Path, *flags: str) -> None:
        (folder / "x.c").write_text(source())
        (folder / "cblas.h").write_text(CBLAS)
        subprocess.run([*compiler(), *FLAGS, *flags, f"-I{folder}", "x.c", "-o", "x.so", "-lm"], cwd=folder, check=True)
        self.ffi = cffi.FFI()
        self.ffi.cdef("".join(SIGNATURES.format(ctype.dtype, ctype.name) for ctype in CTYPES.values()))
        self.library = self.ffi.dlopen(str(folder / "x.so"))

    def _function(self, name: str, dtype: np.dtype[Any]) -> Any:
        return getattr(self.library, f"x_{name}_{self._ctype(dtype).dtype}")

    def _ctype(self, dtype: np.dtype[Any]) -> CType:
        return CTYPES[str(dtype)]

    def _pointer(self, array: np.ndarray) -> Any:
        return self.ffi.from_buffer(f"{self._ctype(array.dtype).name}[]", array)

    def matmul(self, a: np.ndarray, b: np.ndarray, a_flipped: bool, b_flipped: bool) -> np.ndarray:
        """The product of two matrices, of which some are stored as their transposes."""
        rows, inner = a.shape[::-1] if a_flipped else a.shape
        cols = b.shape[0] if b_flipped else b.shape[1]
        out = np.full((rows, cols), np.nan, a.dtype)
        pointers = [self._pointer(x) for x in (a, b, out)]
        call = self._function("matmul", a.dtype)
        call(rows, inner, cols, pointers[0], a_flipped, pointers[1], b_flipped, pointers[2])
        return out

    def transpose(self, a: np.ndarray) -> np.ndarray:
        out = np.full(a.shape[::-1], np.nan, a.dtype)
        self._function("transpose", a.dtype)(*a.shape, self._pointer(a), self._pointer(out))
        return out

    def square(self, name: str, a: np.ndarray, *numbers: float) -> np.ndarray:
        """An operation that works in scratch memory of its promised size."""
        n, out = len(a), np.full_like(a, np.nan)
        # The size is a formula in C that Python reads alike; the text is the backend's own.
        scratch = np.full(eval(SCRATCH[name].format(n)) + 1, 77.0)
        work = self.ffi.from_buffer("double[]", scratch)
        self._function(name, a.dtype)(n, self._pointer(a), *numbers, work, self._pointer(out))
        assert scratch[-1] == 77.0
        return out


@pytest.fixture(scope="module")
def matrices(tmp_path_factory) -> Matrices:
    return Matrices(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def with_blas(tmp_path_factory) -> Matrices:
    return Matrices(tmp_path_factory.mktemp("blas"), "-DSYMOPT_BLAS")


SHAPES = [(1, 1, 1), (1, 7, 1), (3, 1, 5), (2, 3, 4), (63, 64, 65), (65, 129, 63), (64, 64, 64), (5, 200, 3)]
SHAPES.append((130, 2, 130))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SHAPES)
def test_products_of_all_sizes_and_transposes(matrices, with_blas, shape, dtype) -> None:
    rows, inner, cols = shape
    rng = np.random.default_rng(rows * inner + cols)
    left, right = rng.standard_normal((rows, inner)).astype(dtype), rng.standard_normal((inner, cols)).astype(dtype)
    expected = left.astype(float) @ right.astype(float)
    bound = inner * np.finfo(dtype).eps * (abs(left.astype(float)) @ abs(right.astype(float)))
    first = matrices.matmul(left, right, False, False)
    for a_flipped, b_flipped in itertools.product([False, True], repeat=2):
        a, b = (np.ascontiguousarray(x.T) if flip else x for x, flip in ((left, a_flipped), (right, b_flipped)))
        plain, other = (how.matmul(a, b, a_flipped, b_flipped) for how in (matrices, with_blas))
        assert np.all(abs(other - expected) <= bound)
        assert np.all(abs(plain - expected) <= bound)
        np.testing.assert_array_equal(plain, first)  # where an operand is stored does not change a bit
        assert inner < 60 or rows * cols < 100 or np.any(other != plain)  # that one adds from the other end


@pytest.mark.parametrize("dtype", DTYPES)
def test_infinities_and_nan_go_through_products(matrices, dtype) -> None:
    a, b = np.zeros((3, 3), dtype), np.eye(3, dtype=dtype)
    a[0, 1], b[2, 2] = np.inf, np.nan
    with np.errstate(invalid="ignore"):
        expected = a.astype(float) @ b.astype(float)
    np.testing.assert_array_equal(matrices.matmul(a, b, False, False), expected)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (15, 17), (16, 16), (33, 31)])
def test_transposes(matrices, shape, dtype) -> None:
    a = np.arange(shape[0] * shape[1], dtype=dtype).reshape(shape)
    np.testing.assert_array_equal(matrices.transpose(a), a.T)


def with_eigenvalues(values: list[float], seed: int = 3) -> np.ndarray:
    q = np.linalg.qr(np.random.default_rng(seed).standard_normal((len(values), len(values))))[0]
    a = (q * values) @ q.T
    return (a + a.T) / 2


SYMMETRIC = {
    "one": np.array([[4.0]]),
    "zero": np.zeros((5, 5)),
    "identity": np.eye(6),
    "diagonal": np.diag([3.0, 1.0, 2.0]),
    "ones": np.ones((6, 6)),
    "repeated": with_eigenvalues([1, 1, 1, 2, 2, 5, 5, 5]),
    "deficient": with_eigenvalues([0, 0, 0, 0, 1, 2, 3]),
    "graded": with_eigenvalues([1e-6, 1e-4, 1e-2, 1, 100]),
    "signs": with_eigenvalues([-3, -1, -1, 2, 7]),
    "large": with_eigenvalues([float(k * k) for k in range(1, 21)]),
}
SCALES = {"float32": (1.0, 1e-30, 1e30), "float64": (1.0, 1e-150, 1e150, 1e-300, 1e300)}
CASES = [(name, dtype, scale) for name in SYMMETRIC for dtype in DTYPES for scale in SCALES[dtype]]


@pytest.mark.parametrize(("name", "dtype", "scale"), CASES)
def test_eigenbases_are_orthonormal_and_make_the_matrix_diagonal(matrices, name, dtype, scale) -> None:
    a = (SYMMETRIC[name] * scale).astype(dtype)
    q = matrices.square("eigenbasis", a).astype(float)
    eps, n = float(np.finfo(dtype).eps), len(a)
    assert np.max(abs(q.T @ q - np.eye(n))) < 8 * n * eps
    exact = a.astype(float) / scale
    rotated = q.T @ exact @ q
    size = np.max(abs(exact)) * n
    assert np.max(abs(rotated - np.diag(np.diag(rotated)))) <= 8 * n * eps * size
    assert np.all(np.diff(np.diag(rotated)) >= -8 * n * eps * size)  # ascending
    for column in q.T:  # the first of those of largest size is positive
        assert column[np.argmax(abs(column) * (1 + 8 * eps) >= np.max(abs(column)))] > 0


@cache
def eigen(name: str, dtype: str, scale: float) -> tuple[Any, Any]:
    found: tuple[Any, Any] = mpmath.eigsy(mpmath.matrix((SYMMETRIC[name] * scale).astype(dtype).astype(float).tolist()))
    return found


@pytest.mark.parametrize(("name", "dtype", "scale"), [case for case in CASES if case[0] not in ("signs", "zero")])
@pytest.mark.parametrize("order", [1, 2, 4])
def test_inverse_roots(matrices, name, dtype, scale, order) -> None:
    """With a damping of a hundredth; the powers in mpmath, since NumPy's eigenvalues are no better than ours."""
    if order == 1 and scale in (1e-300, 1e300):
        return  # their inverses are no numbers of the type, or nearly none
    a = (SYMMETRIC[name] * scale).astype(dtype)
    damping = 0.01 * scale
    found = matrices.square("inverse_root", a, damping, float(order)).astype(float)
    with mpmath.workprec(160):
        values, vectors = eigen(name, dtype, scale)
        powers = mpmath.diag([(max(value, 0) + mpmath.mpf(damping)) ** (mpmath.mpf(-1) / order) for value in values])
        exact = vectors * powers * vectors.T
        expected = np.array([[float(exact[i, j]) for j in range(len(a))] for i in range(len(a))])
    conditioned = np.max(abs(SYMMETRIC[name])) / 0.01
    tolerance = 4 * len(a) * float(np.finfo(dtype).eps) + 200 * conditioned * 2.0**-52
    np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * np.max(abs(expected)))
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("dtype", DTYPES)
def test_roots_of_singular_matrices(matrices, dtype) -> None:
    """Without damping a zero eigenvalue has no inverse; a slightly negative one counts as zero."""
    assert not np.any(np.isfinite(matrices.square("inverse_root", np.zeros((1, 1), dtype), 0.0, 4.0)))
    a = np.diag(np.array([-1e-9, 1.0], dtype))
    np.testing.assert_allclose(matrices.square("inverse_root", a, 1e-4, 4.0), np.diag([10.0, 1.0]), rtol=1e-4)


def test_eigenbases_of_hostile_matrices(matrices) -> None:
    """Tiny beside huge elements, blocks, ranks and integers: NumPy's eigenvalues, and orthonormal vectors."""
    rng = np.random.default_rng(0)
    for round_ in range(400):
        n = int(rng.integers(2, 20))
        a, beside = rng.standard_normal((n, n)), np.diag(10.0 ** rng.uniform(-300, 0, n - 1), 1)
        sizes, integers = 10.0 ** rng.uniform(-10, 0, n), np.round(2 * a)
        made = [
            a[:, : n // 2] @ a[:, : n // 2].T, integers + integers.T, np.diag(10.0 ** rng.uniform(-200, 100, n)),
            (a + a.T) * np.outer(sizes, sizes), beside + beside.T, np.kron(np.eye(2), a + a.T),
            np.outer(a[0], a[0]) * 10.0 ** rng.uniform(-250, 250),
        ][round_ % 7]  # fmt: skip
        q, n = matrices.square("eigenbasis", made), len(made)
        scaled = made / np.max(abs(made))
        rotated = q.T @ scaled @ q
        assert np.max(abs(q.T @ q - np.eye(n))) < 1e-14 * n
        assert np.max(abs(rotated - np.diag(np.linalg.eigvalsh(scaled)))) < 1e-14 * n


GENERAL = {
    "one": np.array([[-2.0]]),
    "zero": np.zeros((4, 4)),
    "random": np.random.default_rng(5).standard_normal((7, 7)),
    "upper": np.triu(np.random.default_rng(6).standard_normal((5, 5))),
    "negative": -np.eye(4),
    "reflection": np.eye(5)[::-1].copy(),
    "zero column": np.random.default_rng(7).standard_normal((5, 5)) * [1, 0, 1, 1, 0],
    "deficient": np.outer(np.arange(1.0, 7.0), np.ones(6)) + np.outer(np.ones(6), np.arange(6.0) ** 2),
    "large": np.random.default_rng(8).standard_normal((60, 60)),
    "graded": np.random.default_rng(9).standard_normal((5, 5)) * [1, 1e-4, 1e4, 1e-6, 1],
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", GENERAL)
def test_orthogonal_factors(matrices, name, dtype) -> None:
    eps = float(np.finfo(dtype).eps)
    for scale in SCALES[dtype]:
        a = (GENERAL[name] * scale).astype(dtype)
        q = matrices.square("orthogonal", a).astype(float)
        n = len(a)
        assert np.max(abs(q.T @ q - np.eye(n))) < 8 * n * eps
        upper = q.T @ (a.astype(float) / scale)
        lengths = np.linalg.norm(a.astype(float) / scale, axis=0)
        assert np.all(abs(np.tril(upper, -1)) <= 16 * n * eps * lengths)
        assert np.all(np.diag(upper) >= -16 * n * eps * lengths)
        if np.linalg.matrix_rank(GENERAL[name] / np.maximum(np.linalg.norm(GENERAL[name], axis=0), 1e-300)) == n:
            expected, r = np.linalg.qr(a.astype(float) / scale)
            expected = expected * np.where(np.diag(r) < 0, -1.0, 1.0)
            np.testing.assert_allclose(q, expected, atol=3000 * n * max(eps, 1e-15))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", [(0, 0), (2, 1)])
def test_what_is_not_finite_makes_everything_nan(matrices, dtype, value, place) -> None:
    a = np.diag(np.arange(1, 5, dtype=dtype))
    a[place] = a[place[::-1]] = value
    assert np.all(np.isnan(matrices.square("eigenbasis", a)))
    assert np.all(np.isnan(matrices.square("inverse_root", a, 0.5, 4.0)))
    assert np.all(np.isnan(matrices.square("orthogonal", a)))
