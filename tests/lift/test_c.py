"""C functions as traces: against the catalogue, against the compiled function, and what is refused."""

import ctypes
import random
from pathlib import Path

import numpy as np
import pytest

from symopt.errors import SymoptError, UnsupportedError, UsageError
from symopt.lift.c.lift import c_functions, lift_c
from symopt.lift.confirm import run_trace
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.prove.compare import compare
from symopt.run.compile import compiler, shared_library

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAD = "#include <math.h>\n#include <stddef.h>\n#include <stdbool.h>\n#include <immintrin.h>\n#include <arm_neon.h>\n"
ARGUMENTS = "float *p, const float *g, float *m, size_t n, float lr, float mu"


def lifted(tmp_path: Path, text: str, **fixed: object) -> list[Lifted]:
    path = tmp_path / "rule.c"
    path.write_text(HEAD + text)
    (function,) = c_functions(path)
    return lift_c(path, function, "rule", fixed)


def step(tmp_path: Path, body: str, arguments: str = ARGUMENTS, before: str = "") -> Lifted:
    (found,) = lifted(tmp_path, f"{before}\nvoid step({arguments})\n{{\n{body}\n}}\n")
    return found


def heavy_ball(loop: str) -> str:
    return loop.replace("BODY", "m[i] = mu * m[i] + g[i]; p[i] -= lr * m[i];")


@pytest.mark.parametrize("name", ["adamw_plain", "adamw_avx2"])
def test_the_examples_are_adamw(name: str) -> None:
    path = EXAMPLES / f"{name}.c"
    (function,) = c_functions(path)
    (found,) = lift_c(path, function, name)
    assert found.scope == ALL_SHAPES
    assert found.framework == "c"
    assert compare("adamw", found.trace).verdict == "equal"


def test_a_wrong_loop_for_the_rest_is_named_with_its_element(tmp_path: Path) -> None:
    text = (EXAMPLES / "adamw_avx2.c").read_text()
    path = tmp_path / "tail.c"
    path.write_text(text.replace("p[i] = p[i] * keep - rate", "p[i] = p[i] - rate"))
    with pytest.raises(UnsupportedError, match=r"p\[8\] differs from p\[0\]"):
        lift_c(path, "adamw_step", "tail")


def test_a_changed_example_is_not_adamw(tmp_path: Path) -> None:
    path = tmp_path / "changed.c"
    path.write_text((EXAMPLES / "adamw_plain.c").read_text().replace("correction2 + eps)", "correction2) + eps"))
    (found,) = lift_c(path, "adamw_step", "changed")
    assert compare("adamw", found.trace).verdict == "different"


@pytest.mark.parametrize(
    "loop",
    [
        "for (size_t i = 0; i < n; i++) { BODY }",
        "size_t i;\nfor (i = 0; i < n; ++i) { BODY }",
        "size_t i = 0;\nfor (; i + 4 <= n; i += 4)\n"
        "for (size_t k = 0; k < 4; k++) { m[i + k] = mu * m[i + k] + g[i + k]; p[i + k] -= lr * m[i + k]; }\n"
        "for (; i < n; i++) { BODY }",
        "size_t whole = n - n % 8, i = 0;\nfor (; i < whole; i += 8)\n"
        "for (size_t k = 0; k < 8; k++) { m[i + k] = mu * m[i + k] + g[i + k]; p[i + k] -= lr * m[i + k]; }\n"
        "for (; i < n; i++) { BODY }",
    ],
)
def test_loops_that_cover_every_length(tmp_path: Path, loop: str) -> None:
    found = step(tmp_path, heavy_ball(loop))
    assert found.scope == ALL_SHAPES
    assert compare("heavy_ball", found.trace).verdict == "equal"


@pytest.mark.parametrize(
    "loop",
    [
        "for (size_t i = 0; i < n && i < 1000; i++) { BODY }",
        "for (size_t i = 0; i < n; i++) { if (i < 100) { BODY } }",
        "for (size_t i = 0; i < (n < 64 ? n : 64); i++) { BODY }",
        "size_t i = 0;\nwhile (i < n) { BODY i++; }",
        "for (size_t k = 0; k < n; k++) { size_t i = k % 4096; BODY }",
        "if (n > 100) return;\nfor (size_t i = 0; i < n; i++) { BODY }",
        "size_t c = 0;\nfor (size_t i = 0; i < n; i++) { c++; if (c < 50) { BODY } }",
    ],
)
def test_other_loops_hold_as_far_as_they_were_run(tmp_path: Path, loop: str) -> None:
    assert step(tmp_path, heavy_ball(loop)).scope == "n <= 17"


@pytest.mark.parametrize(
    ("loop", "complaint"),
    [
        ("for (size_t i = 1; i < n; i++) { BODY }", r"p\[1\] differs from p\[0\]"),
        ("for (size_t i = 0; i + 1 < n; i++) { BODY }", r"p\[1\] differs from p\[0\]"),
        ("for (size_t i = 0; i <= n; i++) { BODY }", "is read, and there are 3 elements"),
        ("for (size_t i = 0; i < n; i++) { BODY p[i] += 0.1f * g[n - 1 - i]; }", r"p\[0\]|different elements"),
        ("float b = mu;\nfor (size_t i = 0; i < n; i++) { BODY p[i] += b * g[i]; b *= mu; }", "differs from"),
        ("for (size_t i = 0; i < n; i++) { BODY if (n == 9) p[i] += g[i]; }", "something else for n"),
        ("for (size_t i = 0; i < n; i++) { BODY if (n == 1) p[i] += g[i]; }", "something else for n = 1"),
    ],
)
def test_elements_that_are_not_treated_alike_are_refused(tmp_path: Path, loop: str, complaint: str) -> None:
    with pytest.raises(UnsupportedError, match=complaint):
        step(tmp_path, heavy_ball(loop))


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("again: if (n > 3) goto again;", r"rule.c:\d+: (goto|a label)"),
        ("for (size_t i = 0; i < n; i++) p[i] -= lr * secret(g[i]);", r"rule.c:\d+: a call of secret"),
        ("static float k = 0; k += 1; for (size_t i = 0; i < n; i++) p[i] -= k * g[i];", r"rule.c:\d+: .*outlives"),
        ("for (size_t i = 0; i < n; i++) { while (p[i] > 1) p[i] -= g[i]; }", r"rule.c:\d+: a loop whose end"),
        ("for (size_t i = 0; i < n; i++) p[i] = m[(int)g[i]];", r"rule.c:\d+: .*rounded to an integer"),
        ("for (size_t i = 0; i < n; i++) { int b = *(int *)&g[i]; p[i] = b; }", r"rule.c:\d+: the bits"),
        ("__m256 x = _mm256_rsqrt_ps(_mm256_set1_ps(lr)); _mm256_storeu_ps(p, x);", "_mm256_rsqrt_ps is an approx"),
        ("__m256 x = _mm256_rcp_ps(_mm256_set1_ps(lr)); _mm256_storeu_ps(p, x);", "_mm256_rcp_ps is an approx"),
        ("float s; for (size_t i = 0; i < n; i++) p[i] = s;", "read before it is written"),
        ("for (size_t i = 0; i < n; i++) m[i] = g[i];", "does not change p"),
    ],
)
def test_what_cannot_be_lifted_is_refused_by_name_and_line(tmp_path: Path, body: str, complaint: str) -> None:
    with pytest.raises(UnsupportedError, match=complaint):
        step(tmp_path, body)


def test_a_variable_of_the_file_that_changes_is_refused(tmp_path: Path) -> None:
    body = "k += 1; for (size_t i = 0; i < n; i++) p[i] -= k * g[i];"
    with pytest.raises(UnsupportedError, match="k: a variable of the file"):
        step(tmp_path, body, before="static float k = 0;")


def test_a_flag_needs_a_value_and_takes_it(tmp_path: Path) -> None:
    text = (
        "void step(float *p, const float *g, float *m, int n, float lr, float mu, bool nesterov) {\n"
        "for (int i = 0; i < n; i++) { m[i] = mu * m[i] + g[i]; p[i] -= lr * (nesterov ? g[i] + mu * m[i] : m[i]); } }"
    )
    with pytest.raises(UnsupportedError, match="nesterov has no known meaning"):
        lifted(tmp_path, text)
    (plain,), (ahead,) = lifted(tmp_path, text, nesterov=0), lifted(tmp_path, text, nesterov=1)
    assert compare("heavy_ball", plain.trace).verdict == "equal"
    assert compare("sgd[momentum=True,nesterov=True]", ahead.trace).verdict in ("equal", "equal-if")
    assert compare("heavy_ball", ahead.trace).verdict != "equal"


ADAMAX = """
void adamax(float *param, const float *grad, float *moment, float *norm, size_t n,
            float lr, float beta1, float beta2, float eps, float *beta1_pow) {
    BEFORE
    for (size_t i = 0; i < n; i++) {
        moment[i] = beta1 * moment[i] + (1 - beta1) * grad[i];
        norm[i] = fmaxf(beta2 * norm[i], fabsf(grad[i]) + eps);
        param[i] -= lr / (1 - *beta1_pow) * moment[i] / norm[i];
    }
    AFTER
}
"""


@pytest.mark.parametrize(
    ("before", "after", "start"), [("", "*beta1_pow *= beta1;", "beta1"), ("*beta1_pow *= beta1;", "", "1")]
)
def test_a_running_power_starts_where_the_correction_is_that_of_the_step(
    tmp_path: Path, before: str, after: str, start: str
) -> None:
    (found,) = lifted(tmp_path, ADAMAX.replace("BEFORE", before).replace("AFTER", after))
    assert f"beta1_pow starts at {start}" in found.trace.assumptions
    assert compare("adamax", found.trace).verdict == "equal"


TENSORS = """
void step(float *data, const float *grad, float *m, const int *sizes, int num_params, int *count, float lr, float b) {
    int off = 0;
    ONCE
    for (int k = 0; k < num_params; k++) {
        EACH
        for (int i = off; i < off + sizes[k]; i++) {
            m[i] = b * m[i] + (1 - b) * grad[i];
            data[i] -= lr * m[i] / (1 - powf(b, *count));
        }
        off += sizes[k];
    }
}
"""


def test_tensors_that_are_treated_alike_are_one_rule(tmp_path: Path) -> None:
    (found,) = lifted(tmp_path, TENSORS.replace("ONCE", "(*count)++;").replace("EACH", ""))
    assert [state.name for state in found.trace.states] == ["m"]  # the counter is the step


def test_tensors_that_are_treated_differently_are_two(tmp_path: Path) -> None:
    first, second = lifted(tmp_path, TENSORS.replace("ONCE", "").replace("EACH", "(*count)++;"))
    assert first.scope.endswith("first of two tensors")
    assert second.scope.endswith("second of two tensors")
    assert compare(first.trace, second.trace).verdict != "equal"


SIGNS = "float *p, const float *g, size_t n, float lr"


@pytest.mark.parametrize(
    "sign",
    [
        "(float)((g[i] > 0) - (g[i] < 0))",
        "g[i] > 0 ? 1.0f : g[i] < 0 ? -1.0f : 0.0f",
        "sgn(g[i])",
    ],
)
def test_ways_to_write_a_sign(tmp_path: Path, sign: str) -> None:
    helper = "static float sgn(float x) { if (x > 0) return 1; if (x < 0) { return -1; } return 0; }"
    found = step(tmp_path, f"for (size_t i = 0; i < n; i++) p[i] -= lr * ({sign});", SIGNS, helper)
    assert compare("signsgd", found.trace).verdict == "equal"


def vectors(sum_up: str) -> str:
    return f"size_t i = 0; for (; i + 4 <= n; i += 4) {{ {sum_up} }} for (; i < n; i++) p[i] -= lr * fabsf(g[i]);"


@pytest.mark.parametrize(
    "body",
    [
        "__m128 x = _mm_loadu_ps(g + i); x = _mm_andnot_ps(_mm_set1_ps(-0.0f), x);"
        "_mm_storeu_ps(&p[i], _mm_sub_ps(_mm_loadu_ps(&p[i]), _mm_mul_ps(_mm_set1_ps(lr), x)));",
        "__m128 x = _mm_loadu_ps(g + i), y = _mm_sub_ps(_mm_setzero_ps(), x);"
        "x = _mm_blendv_ps(x, y, _mm_cmplt_ps(x, _mm_setzero_ps()));"
        "_mm_storeu_ps(p + i, _mm_fnmadd_ps(_mm_set1_ps(lr), x, _mm_loadu_ps(p + i)));",
        "__m128 x = _mm_loadu_ps(g + i); x = _mm_max_ps(x, _mm_xor_ps(x, _mm_set1_ps(-0.0f)));"
        "_mm_storeu_ps(p + i, _mm_fnmadd_ps(_mm_set1_ps(lr), x, _mm_loadu_ps(p + i)));",
        "float32x4_t x = vabsq_f32(vld1q_f32(g + i));"
        "vst1q_f32(p + i, vsubq_f32(vld1q_f32(p + i), vmulq_n_f32(x, lr)));",
    ],
)
def test_vector_instructions_do_what_the_loop_for_the_rest_does(tmp_path: Path, body: str) -> None:
    found = step(tmp_path, vectors(body), SIGNS)
    assert found.scope == ALL_SHAPES
    with pytest.raises(UnsupportedError, match="differs from"):
        step(tmp_path, vectors(body).replace("fabsf(g[i])", "g[i]"), SIGNS)


# Whole functions, and the same compiled.

REDUCTIONS = {
    "clipped": "double s = 0; for (long i = 0; i < n; i++) s += g[i] * g[i]; double c = sqrt(s);"
    "c = c > mu ? mu / c : 1.0;"
    "for (long i = 0; i < n; i++) { double x = g[i] * c; if (x > 0) m[i] = mu * m[i] + x; else m[i] -= 2 * x;"
    "*(p + i) -= lr * m[i]; }",
    "normalised": "double s = 0; for (long i = 0; i < n; i++) s += fabs(p[i] * g[i]); s = s / (double)n;"
    "for (long i = 0; i < n; i++) { m[i] = m[i] + mu * (s - m[i]); p[i] -= lr * g[i] * m[i]; }",
    "largest": "double s = 0; for (long i = 0; i < n; i++) s = fmax(s, fabs(g[i]));"
    "for (long i = 0; i < n; i++) { if (g[i] * m[i] < 0) { m[i] = 0; continue; } m[i] = mu * m[i] + g[i];"
    "p[i] -= lr * m[i] / (s + 1.5); }",
    "pointers": "double *q = p; const double *end = p + n; const double *h = g;"
    "while (q != end) { *q++ -= lr * *h++; } for (long i = 0; i < n; i++) m[i] = copysign(mu, g[i]) + m[i];",
}


@pytest.mark.parametrize("name", REDUCTIONS)
def test_what_is_lifted_computes_what_the_compiled_function_computes(tmp_path: Path, name: str) -> None:
    try:
        compiler()
    except SymoptError as error:
        pytest.skip(str(error))
    arguments = "double *p, const double *g, double *m, long n, double lr, double mu"
    body = f"void step({arguments}) {{ {REDUCTIONS[name]} }}"
    (found,) = lifted(tmp_path, body)
    library = ctypes.CDLL(str(shared_library({"step.c": f"#include <math.h>\n{body}"}, "step.c")))
    generator = np.random.default_rng(random.Random(name).randrange(99))
    p, m = generator.normal(size=29), np.zeros(29)
    gradients = [generator.normal(size=29) for _ in range(5)]
    ours = run_trace(found.trace, {"lr": 0.3, "mu": 0.7}, p.copy(), gradients)
    array = ctypes.POINTER(ctypes.c_double)
    for expected, g in zip(ours, gradients, strict=True):
        pointers = (a.ctypes.data_as(array) for a in (p, g, m))
        library.step(*pointers, ctypes.c_long(29), ctypes.c_double(0.3), ctypes.c_double(0.7))
        np.testing.assert_allclose(p, expected, rtol=1e-12, atol=1e-12)


def test_a_struct_of_hyper_parameters(tmp_path: Path) -> None:
    text = (
        "typedef struct { float lr, mu; int step; } config;\n"
        "int step(const config *c, float *w, const float *dw, float *buf, int len) {\n"
        "if (c == NULL || len <= 0) return -1;\n"
        "const float k = 1 - powf(c->mu, c->step);\n"
        "for (int i = 0; i < len; i++) { buf[i] = c->mu * buf[i] + (1 - c->mu) * dw[i]; w[i] -= c->lr * buf[i] / k; }\n"
        "return 0; }"
    )
    (found,) = lifted(tmp_path, text)
    assert found.hyper_paths == {"lr": "c.lr", "mu": "c.mu"}
    assert compare("momentum_ema", found.trace).verdict != "equal"  # that has no correction
    assert compare("adam[beta2=0]", found.trace).verdict != "equal"


def test_candidates_take_arrays(tmp_path: Path) -> None:
    path = tmp_path / "many.c"
    path.write_text(
        "static void inner(float *p, const float *g, int n) {}\nfloat norm(const float *p, const float *q, int n);\n"
        "float dot(const float *p, const float *q, int n) { return 0; }\n"
        "void step(float *p, const float *g, int n) {}\n"
    )
    assert c_functions(path) == ["step"]
    with pytest.raises(UsageError, match="no function stop; did you mean step"):
        lift_c(path, "stop", "stop")


def test_what_is_no_c_is_said(tmp_path: Path) -> None:
    path = tmp_path / "no.c"
    path.write_text("void step(float *p {")
    with pytest.raises(UsageError, match=r"no\.c:1"):
        c_functions(path)
    with pytest.raises(UsageError, match="no such file"):
        c_functions(tmp_path / "other.c")
    path.write_text("#include <windows.h>\n")
    with pytest.raises(UsageError, match=r"windows\.h"):
        c_functions(path)
