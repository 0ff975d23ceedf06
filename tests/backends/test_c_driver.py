"""Wide kernels under the sanitizers, called by a C program that makes every mistake there is to make."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from symopt.backends.base import Variant, render_variants, variants_of
from symopt.backends.c import BACKEND
from symopt.backends.c_interface import (
    Argument,
    Names,
    arguments_of,
    init_arguments_of,
    init_takes_hyper,
    needs_work,
    takes_seed,
)
from symopt.backends.interface import takes_loss
from symopt.catalogue import rule
from symopt.ir.program import Phase
from symopt.ir.shape import ELEMENT, Axis
from symopt.printers.c import CTYPES, CType
from tests.run.small_rules import RULES

HARNESS = Path(__file__).with_name("harness.c")
CATALOGUE = ("lamb", "adafactor", "muon", "shampoo", "soap", "prodigy", "sam", "sgld")
CHECKS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
TYPES = """
#include <stdbool.h>
typedef struct array { bool number, tensor; size_t (*count)(size_t rows, size_t cols); } array;
typedef struct function {
    const char *name;
    symopt_status (*call)(size_t, const size_t *, const size_t *, uint64_t, const void *, void **, void *);
    size_t (*work)(size_t rows, size_t cols);
    bool takes_t, takes_hyper;
    size_t count, args[24];
} function;
typedef struct kernel {
    size_t width;
    bool model, axes;
    size_t arrays; array array[24];
    size_t functions; function function[8];
    const void *hyper; size_t hypers;
    size_t most; /* rows and columns */
} kernel;
"""


class Driver:
    """The description of one kernel in one element type, as the harness reads it."""

    def __init__(self, variant: Variant, ctype: CType) -> None:
        self.variant, self.ctype, self.names = variant, ctype, Names([variant])
        self.program = variant.program
        self.arguments: dict[str, Argument] = {}
        self.text: list[str] = []
        functions = [self.init()] if variant.trace.states else []
        functions += [self.phase(phase) for phase in self.program.phases]
        arrays = [self.array(argument) for argument in self.arguments.values()]
        hypers = len(variant.trace.hypers)
        self.description = "{" + ", ".join([
            "4" if ctype.dtype == "f32" else "8", self.flag(self.program.over_model), self.flag(self.program.has_axes),
            str(len(arrays)), "{" + ", ".join(arrays) + "}", str(len(functions)), "{" + ", ".join(functions) + "}",
            f"&{self.names.rule}_hyper" if hypers else "NULL", str(hypers), "13" if self.has_products() else "1100",
        ]) + "}"  # fmt: skip

    def has_products(self) -> bool:
        return any(phase.products for phase in self.program.phases)

    def flag(self, value: bool) -> str:
        return "true" if value else "false"

    def array(self, argument: Argument) -> str:
        is_tensor = argument.is_number and argument.per_tensor and self.program.over_model
        return f"{{{self.flag(argument.is_number)}, {self.flag(is_tensor)}, {self.count(argument)}}}"

    def count(self, argument: Argument) -> str:
        """The harness's function that counts the elements of an array."""
        shape = self.program.shapes.get(argument.name, ELEMENT)
        letters = {Axis.ONE: "one", Axis.ROWS: "rows", Axis.COLS: "cols", Axis.SHORT: "fewer", Axis.LONG: "more"}
        return f"{letters[shape.down]}_{letters[shape.along]}"

    def places(self, order: Sequence[Argument]) -> str:
        for argument in order:
            self.arguments.setdefault(argument.name, argument)
        known = list(self.arguments)
        return ", ".join(str(known.index(argument.name)) for argument in order)

    def sizes(self) -> list[str]:
        if self.program.over_model:
            return ["tensors", "rows", *(["cols"] if self.program.has_axes else [])]
        return ["rows[0]", *(["cols[0]"] if self.program.has_axes else [])]

    def function(self, name: str, order: Sequence[Argument], numbers: list[str], takes_hyper: bool, work: str) -> str:
        pointers = [f"args[{index}]" for index in range(len(order))] + (["work"] if work != "NULL" else [])
        known = ["tensors", "rows", "cols", "t", "hyper", "args", "work"]
        self.text.append(
            f"static symopt_status call_{name}(size_t tensors, const size_t *rows, const size_t *cols, uint64_t t,\n"
            f"    const void *hyper, void **args, void *work)\n{{\n    {' '.join(f'(void){n};' for n in known)}\n"
            f"    return {name}({', '.join([*self.sizes(), *numbers, *pointers])});\n}}\n"
        )
        takes_t = "t" in numbers
        fields = [f'"{name}"', f"call_{name}", work, self.flag(takes_t), self.flag(takes_hyper), str(len(order))]
        return "{" + ", ".join([*fields, "{" + self.places(order) + "}"]) + "}"

    def init(self) -> str:
        takes_hyper = init_takes_hyper(self.variant)
        name = self.names.public(self.variant, "init", self.ctype)
        return self.function(name, init_arguments_of(self.variant), ["hyper"] * takes_hyper, takes_hyper, "NULL")

    def phase(self, phase: Phase) -> str:
        name = self.names.public(self.variant, phase.name, self.ctype)
        work = self.names.public(self.variant, f"{phase.name}_work", self.ctype)
        if needs_work(phase) and not self.program.has_axes:
            head = f"static size_t flat_{work}(size_t rows, size_t cols)"
            self.text.append(f"{head} {{ (void)cols; return {work}(rows); }}")
            work = f"flat_{work}"
        numbers = ["t", *["hyper"] * self.names.takes_hyper, *["0.5"] * takes_loss(phase)]
        numbers += ["77"] * takes_seed(self.program, phase)
        order = arguments_of(self.program, phase)
        return self.function(name, order, numbers, self.names.takes_hyper, work if needs_work(phase) else "NULL")


def counts() -> str:
    """The functions that count the elements of every shape."""
    values = {"one": "1", "rows": "rows", "cols": "cols", "fewer": "(rows < cols ? rows : cols)"}
    values["more"] = "(rows < cols ? cols : rows)"
    return "\n".join(
        f"static inline size_t {a}_{b}(size_t rows, size_t cols) {{ (void)rows; (void)cols; return {x} * {y}; }}"
        for a, x in values.items()
        for b, y in values.items()
    )


def program(variants: Sequence[Variant]) -> str:
    """The C program that drives some kernels."""
    drivers = [Driver(variant, ctype) for variant in variants for ctype in CTYPES.values()]
    hypers = [v.rule.name for v in variants if v.trace.hypers]
    return "\n".join([
        "#define _ISOC11_SOURCE", *(f'#include "{variant.rule.name}.h"' for variant in variants), TYPES, counts(),
        *(line for driver in drivers for line in driver.text),
        *(f"static symopt_{name}_hyper {name}_hyper;" for name in hypers),
        "static const kernel KERNELS[] = {", *(f"    {driver.description}," for driver in drivers), "};",
        f'#include "{HARNESS.name}"',
        "int main(void)\n{", *(f"    {name}_hyper = symopt_{name}_hyper_default();" for name in hypers),
        "    return all_checked(KERNELS, sizeof KERNELS / sizeof *KERNELS);\n}\n",
    ])  # fmt: skip


@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")
def test_wide_kernels_keep_to_their_memory_and_refuse_what_they_cannot_do(tmp_path: Path) -> None:
    variants = [variants_of(cls)[0] for cls in [*map(rule, CATALOGUE), *RULES]]
    for variant in variants:
        for name, text in render_variants(BACKEND, [variant]).items():
            (tmp_path / name).write_text(text)
    (tmp_path / HARNESS.name).write_text(HARNESS.read_text())
    (tmp_path / "main.c").write_text(program(variants))
    (tmp_path / "probe.c").write_text("int main(void) { return 0; }\n")
    probe = subprocess.run(["gcc", *CHECKS, "probe.c", "-o", "probe"], cwd=tmp_path, capture_output=True, check=False)
    checks = [] if probe.returncode else CHECKS  # a gcc that came without its sanitizers

    def compiled(name: str) -> None:
        command = ["gcc", "-std=c11", "-O0", "-Wall", "-Wextra", "-Werror", *checks, "-c", f"{name}.c"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[:3000]

    names = ["main", *(variant.rule.name for variant in variants)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(compiled, names))
    subprocess.run(["gcc", *checks, *(f"{name}.o" for name in names), "-lm", "-o", "main"], cwd=tmp_path, check=True)
    done = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[:5000]
