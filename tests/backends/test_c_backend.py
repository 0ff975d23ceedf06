"""Generated C: what strict compilers, a C program and a hostile author's words make of it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from symopt.backends.base import render
from symopt.backends.c import BACKEND, comment
from symopt.catalogue import rule, rule_names
from symopt.errors import UnsupportedError
from symopt.lang import Hyper, NonNegative, PositiveInteger, Rule, State, maximum, minimum, sign, sqrt, where

STRICT = [
    "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion", "-Wshadow", "-Wdouble-promotion",
    "-Wmissing-prototypes", "-Wcast-qual", "-Wundef", "-Werror",
]  # fmt: skip
CONTRACT = ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]
needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")


def write(cls: type[Rule], folder: Path) -> Path:
    for name, text in render(BACKEND, cls).items():
        (folder / name).write_text(text)
    return folder / f"{cls.name}.c"


def kernels() -> list[str]:
    """The rules that kernels are generated for."""
    found = []
    for name in rule_names():
        try:
            render(BACKEND, rule(name))
        except UnsupportedError:
            continue
        found.append(name)
    return found


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("c")
    return [write(rule(name), folder) for name in kernels()]


def compile_all(command: list[str], files: list[Path]) -> str:
    done = subprocess.run(
        [*command, *map(str, files)], capture_output=True, text=True, cwd=files[0].parent, check=False
    )
    assert done.returncode == 0, done.stderr[:2000]
    return done.stderr


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("standard", ["c99", "c11", "c17"])
def test_sources_are_clean_under_strict_warnings(sources, compiler, standard):
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    compile_all([compiler, f"-std={standard}", *STRICT, "-fsyntax-only"], sources)


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler")
def test_headers_are_cxx_and_stand_together(sources, tmp_path):
    together = sources[0].parent / "together.cpp"
    together.write_text("".join(f'#include "{source.stem}.h"\n' for source in sources))
    flags = [flag for flag in STRICT if flag != "-Wmissing-prototypes"]
    compile_all(["g++", "-std=c++11", *flags, "-fsyntax-only"], [together])


@needs_gcc
def test_sources_can_be_compiled_as_one_file(sources):
    one = sources[0].parent / "one.c"
    one.write_text("".join(f'#include "{source.name}"\n' for source in sources))
    compile_all(["gcc", "-std=c99", *STRICT, "-fsyntax-only"], [one])


@needs_gcc
@pytest.mark.parametrize("name", ["adamw", "sgd", "lion", "adamax", "rmsprop_tf", "nag"])
def test_every_element_loop_is_vectorised(sources, name):
    (source,) = [source for source in sources if source.stem == name]
    flags = ["-std=c11", *CONTRACT, "-fopt-info-vec-optimized", "-c", "-o", "/dev/null"]
    said = compile_all(["gcc", *flags], [source])
    vectorised = {int(line) for line in re.findall(r"\.c:(\d+):\d+: optimized: .*loop vectorized", said)}
    lines = source.read_text().splitlines()
    loops, inside = [], False
    for number, line in enumerate(lines, 1):
        inside = (inside or line.startswith("static void")) and line != "}"
        if inside and "for (size_t" in line:
            loops.append(number)
    assert loops
    assert set(loops) <= vectorised


@needs_gcc
def test_the_contract_keeps_fast_math_out(sources):
    done = subprocess.run(
        ["gcc", "-ffast-math", "-fsyntax-only", str(sources[0])], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "-ffast-math changes the results" in done.stderr


PROGRAM = r"""
#include "adamw.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#define SAY(what) do { if (!(what)) { printf("line %d: %s\n", __LINE__, #what); return 1; } } while (0)

int main(void)
{
    symopt_adamw_hyper h = symopt_adamw_hyper_default();
    double p[3] = {1.0, -2.0, 0.5}, g[3] = {0.5, 0.0, -1e-300}, m[3] = {9.0, 9.0, 9.0}, v[3] = {9.0, 9.0, 9.0};
    SAY(h.lr == 1e-3 && h.beta1 == 0.9 && h.beta2 == 0.999 && h.eps == 1e-8 && h.weight_decay == 1e-2);
    SAY(symopt_adamw_init_f64(3, m, v) == SYMOPT_OK && m[0] == 0.0 && v[2] == 0.0);
    SAY(symopt_adamw_step_f64(3, 1, NULL, p, g, m, v) == SYMOPT_NULL_POINTER);
    SAY(symopt_adamw_step_f64(3, 1, &h, p, NULL, m, v) == SYMOPT_NULL_POINTER);
    SAY(symopt_adamw_init_f64(3, m, NULL) == SYMOPT_NULL_POINTER);
    SAY(symopt_adamw_step_f64(3, 0, &h, p, g, m, v) == SYMOPT_OUT_OF_DOMAIN);
    SAY(symopt_adamw_step_f64(0, 1, &h, NULL, NULL, NULL, NULL) == SYMOPT_OK);
    for (int bad = 0; bad < 7; bad++) {
        h = symopt_adamw_hyper_default();
        if (bad == 0) h.beta1 = 1.0;
        if (bad == 1) h.beta2 = -0.1;
        if (bad == 2) h.eps = 0.0;
        if (bad == 3) h.lr = (double)NAN;
        if (bad == 4) h.lr = (double)INFINITY;
        if (bad == 5) h.weight_decay = -1.0;
        if (bad == 6) h.beta2 = (double)NAN;
        SAY(symopt_adamw_step_f64(3, 1, &h, p, g, m, v) == SYMOPT_OUT_OF_DOMAIN);
    }
    SAY(p[0] == 1.0 && m[0] == 0.0);
    h = symopt_adamw_hyper_default();
    SAY(symopt_adamw_step_f64(3, 1, &h, p, g, m, v) == SYMOPT_OK);
    SAY(fabs(p[0] - (1.0 - 1e-3 * 1e-2 - 1e-3 * 0.5 / (0.5 + 1e-8))) < 1e-15);
    SAY(p[1] == -2.0 + 1e-3 * 1e-2 * 2.0 && isfinite(p[2]));
    SAY(strstr(symopt_status_message(SYMOPT_OUT_OF_DOMAIN), "domain") != NULL);
    return 0;
}
"""


@needs_gcc
def test_a_c_program_gets_the_statuses_and_numbers_that_the_header_promises(sources, tmp_path):
    (tmp_path / "main.c").write_text(PROGRAM)
    folder = sources[0].parent
    checks = ["-fsanitize=undefined,float-divide-by-zero,address", "-fno-sanitize-recover=all"]
    program = [str(tmp_path / "main.c"), str(folder / "adamw.c"), f"-I{folder}", "-lm", "-o", str(tmp_path / "main")]
    if subprocess.run(["gcc", "-std=c99", *checks, *program], capture_output=True, check=False).returncode:
        subprocess.run(["gcc", "-std=c99", *program], check=True)  # a gcc that came without its sanitizers
    done = subprocess.run([str(tmp_path / "main")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Hostile(Rule, name="hostile"):
    r"""Ends the comment */ int stolen; /* and splices ??/ and \\"""

    source = "one */ #error two\nthree \\"
    hyper = Hyper(0.5, domain=NonNegative)
    n = Hyper(2, domain=PositiveInteger)
    sqrtf = Hyper(1, domain=NonNegative)
    i = State(init="hyper")
    near = State(init="p")

    def update(s) -> None:
        s.status = sign(s.g) * s.hyper
        s.new = where(s.status < s.sqrtf / 3, minimum(s.status, s.near), maximum(s.i, s.g))
        s.this = sqrt(s.i**2 + s.new)
        s.i = s.this + s.n
        s.near = -s.near
        s.p = s.p - s.sqrtf * s.i


@needs_gcc
def test_an_authors_words_and_names_cannot_break_the_source(tmp_path):
    source = write(Hostile, tmp_path)
    compile_all(["gcc", "-std=c99", *STRICT, "-fsyntax-only"], [source])
    header = source.with_suffix(".h").read_text()
    assert "stolen" in header
    assert "double hyper_; /**< 0 <= hyper; default 0.5 */" in header
    assert "hyper->n_ == floor(hyper->n_)" in source.read_text()


def test_a_comment_cannot_be_ended_by_its_text():
    lines = comment("one */ two\nthree " + "long " * 60)
    assert len(lines) > 2
    assert "*/" not in "".join(lines)
