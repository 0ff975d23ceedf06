"""The cross-check: the kernels of a rule against each other, against exact arithmetic, and against originals."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import DTYPES, Variant, variants_of
from symopt.catalogue import resolve, rule_names
from symopt.errors import MissingToolError, UnsupportedError
from symopt.ir.nodes import Op, refs, walk
from symopt.ir.trace import PARAMETER, STEP
from symopt.lang.declare import Option
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.run.hostile import LENGTHS, inside, unaligned, values
from symopt.run.modules import Kernel, NumPyKernel, TorchKernel, load_module
from symopt.run.oracle import against_exact, measures
from symopt.run.originals import against_originals
from symopt.run.ulp import same, ulps, worst

Array = NDArray[Any]
Progress = Callable[[int, int, str], None]

STEPS = 24
ELEMENTS = 48  # that exact arithmetic computes, a step
# Operations that every IEEE 754 system rounds in one way; of others, libraries give their own values.
UNIQUE = frozenset({
    "add", "sub", "mul", "div", "neg", "sqrt", "abs", "sign", "floor", "max", "min", "where",
    "lt", "le", "eq", "and", "or", "not",
})  # fmt: skip
# PyTorch takes roots from a library (on x86 that of MKL) whose last bit is wrong now and then; C and
# NumPy use the processor's. A step may then differ by so many ulps of the largest addend.
ROOT_ULPS = 8.0
# How far apart two libraries' exponentials and powers of elements may leave a step.
LIBRARY_ULPS = 64.0


@dataclass(frozen=True)
class Cell:
    """The outcome of one comparison; ``ok`` is None where it could not be made."""

    text: str
    ok: bool | None = True


@dataclass(frozen=True)
class Row:
    """All comparisons of one variant in one element type."""

    rule: str
    dtype: str
    c: Cell
    torch: Cell
    exact: Cell
    original: Cell

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The comparisons, in the order of the table's columns."""
        return self.c, self.torch, self.exact, self.original


COLUMNS = ("rule", "type", "C = NumPy", "PyTorch = NumPy", "exact", "original")


@dataclass(frozen=True)
class Report:
    """The rows of a check; ``notes`` say what could not be compared and why."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 where every comparison that was made came out as it must, else 1."""
        return 1 if any(cell.ok is False for row in self.rows for cell in row.cells) else 0

    def table(self) -> list[tuple[str, ...]]:
        """The rows as text, without the columns' names."""
        return [(row.rule, row.dtype, *(_shown(cell) for cell in row.cells)) for row in self.rows]

    def text(self) -> str:
        """The table, aligned, and what it means."""
        lines = [COLUMNS, *self.table()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
        shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        failed = sum(cell.ok is False for row in self.rows for cell in row.cells)
        outcome = f"{failed} comparisons failed" if failed else "all comparisons came out as they must"
        return "\n".join([*(line.rstrip() for line in shown), *LEGEND, *self.notes, outcome])


LEGEND = (
    f"bits: equal bit for bit over {STEPS} steps on hostile numbers, for arrays of {', '.join(map(str, LENGTHS))}",
    "      elements that start inside a line of memory.",
    "PyTorch, exact: one step from NumPy's arrays, in ulps of the largest addend of each result. The exact step is",
    "      that of the rule's trace; in brackets, the error's share of a rigorous bound of the rounding errors.",
    "      What leaves the type's range has no bound and does not count.",
    "original: the implementation whose form the rule states, after 20 steps, in ulps of the largest parameter.",
)


def check(rules: Sequence[Rule] | None = None, progress: Progress | None = None) -> Report:
    """Check the kernels of some rules, or of the whole catalogue.

    A configured rule is checked as it is; one without settings, in every variant.
    """
    chosen = list(rules) if rules else [resolve(name) for name in rule_names()]
    rows: list[Row] = []
    notes: dict[str, None] = {}
    for done, rule in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), rule.title)
        try:
            variants, asked = _variants(rule)
        except UnsupportedError as error:
            notes[f"no kernels: {error}"] = None
            continue
        rows += _rows(variants, asked, notes)
    return Report(tuple(rows), tuple(notes))


def _variants(rule: Rule) -> tuple[list[Variant], list[Variant]]:
    """The variants in the source of a rule, and those of them that are asked for.

    A rule with fixed hyper-parameters or schedules has a source of its own.
    """
    if _fixes_options_alone(rule):
        variants = variants_of(type(rule))
        return variants, [v for v in variants if not rule.settings or v.rule.options == rule.options]
    recorded = trace(rule)
    own = [Variant(rule, "", recorded, lower(recorded))]
    return own, own


def _fixes_options_alone(rule: Rule) -> bool:
    return set(rule.settings) <= set(rule.declared(Option))


def _rows(variants: list[Variant], asked: list[Variant], notes: dict[str, None]) -> list[Row]:
    numpy_module = load_module("numpy", variants)
    torch_module = _available(partial(load_module, "torch", variants), notes)
    rows = []
    for variant in asked:
        reference = NumPyKernel(numpy_module, variant)
        torch_kernel = TorchKernel(torch_module, variant) if torch_module is not None else None
        for dtype in DTYPES:
            c_kernel = _available(partial(_load_c, variant.rule, dtype), notes)
            hypers = varied(variant)
            rows.append(
                Row(
                    variant.rule.title,
                    dtype,
                    _same_path(variant, reference, c_kernel, dtype, hypers),
                    _same_steps(variant, reference, torch_kernel, dtype, hypers),
                    _exact(variant, reference, dtype, hypers),
                    _original(variant, reference, dtype, torch_module is not None),
                )
            )
    return rows


def varied(variant: Variant) -> dict[str, float]:
    """Hyper-parameters at which every term shows: none at a landmark of its domain, and schedules as they are set."""
    recorded = variant.trace
    read = refs(*(let.value for let in recorded.lets if let.name in recorded.scheduled.values()))
    kept = {name for name in read if name not in recorded.scheduled}
    return {
        hyper.name: float(hyper.default) if hyper.name in kept else inside(hyper.domain, position)
        for position, hyper in enumerate(recorded.hypers)
    }


def trajectory(
    variant: Variant, kernel: Kernel, dtype: str, hypers: Mapping[str, float], count: int, steps: int = STEPS
) -> list[dict[str, Array]]:
    """Every array after each step, the points included, on ``count`` hostile numbers that are not aligned."""
    p = unaligned(values(LENGTHS[-1], dtype, 0)[:count])
    states = {name: unaligned(array) for name, array in kernel.init(p, **hypers).items()}
    found = [{"p": p.copy(), **{name: array.copy() for name, array in states.items()}}]
    for t in range(1, steps + 1):
        snapshot = {}
        if variant.trace.looks_ahead:
            snapshot["point"] = kernel.point(p, states, t, **hypers)
        g = unaligned(values(LENGTHS[-1], dtype, t)[:count])
        with np.errstate(all="ignore"):
            kernel.step(p, g, states, t, **hypers)
        found.append({**snapshot, "p": p.copy(), **{name: array.copy() for name, array in states.items()}})
    return found


def difference(variant: Variant, left: list[dict[str, Array]], right: list[dict[str, Array]]) -> float:
    """The largest distance in ulps between two trajectories; 0 where all bits are equal."""
    found = 0.0
    for before, after in zip(left, right, strict=True):
        for name, array in before.items():
            unequal = ~same(array, after[name], signed_zeros=_signs_zeros(variant))
            # A zero of the other sign is at distance zero and yet unequal.
            found = max(found, worst(np.maximum(ulps(array, after[name]), 1)[unequal]))
    return found


def _same_path(
    variant: Variant, reference: Kernel, kernel: Kernel | None, dtype: str, hypers: Mapping[str, float]
) -> Cell:
    """Whether two kernels go the same way, bit for bit, for arrays of all lengths.

    Where operations are not rounded in one way only, single steps are compared, within some ulps.
    """
    if kernel is None or not _operations(variant) <= UNIQUE:
        return _same_steps(variant, reference, kernel, dtype, hypers)
    left = [trajectory(variant, reference, dtype, hypers, count) for count in LENGTHS]
    right = [trajectory(variant, kernel, dtype, hypers, count) for count in LENGTHS]
    found = max(difference(variant, a, b) for a, b in zip(left, right, strict=True))
    return Cell(f"{found:.3g} ulp" if found else "bits", found == 0)


def _same_steps(
    variant: Variant, reference: Kernel, kernel: Kernel | None, dtype: str, hypers: Mapping[str, float]
) -> Cell:
    """How far a kernel's steps are from the reference's, each from the reference's own arrays."""
    if kernel is None:
        return Cell("not available", None)
    path = trajectory(variant, reference, dtype, hypers, LENGTHS[-1])
    found = 0.0
    for t, (before, after) in enumerate(itertools.pairwise(path), 1):
        arrays = {name: array.copy() for name, array in before.items() if name != "point"}
        made = {"point": kernel.point(arrays["p"], _without_p(arrays), t, **hypers)} if "point" in after else {}
        g = values(LENGTHS[-1], dtype, t)
        inputs = {**hypers, STEP: t, **before, **{query.name: g for query in variant.trace.queries}}
        kernel.step(arrays["p"], g, _without_p(arrays), t, **hypers)
        scales = {name: m.scale for name, m in measures(variant, inputs, arrays, dtype).items()}
        for name, array in {**made, **arrays}.items():
            unequal = ~same(array, after[name], signed_zeros=_signs_zeros(variant))
            distances = np.maximum(ulps(array, after[name], scales.get(name)), np.finfo(dtype).tiny)
            found = max(found, worst(distances[unequal]))
    allowed = ROOT_ULPS if "sqrt" in _operations(variant) else 0.0
    allowed = allowed if _operations(variant) <= UNIQUE else LIBRARY_ULPS
    return Cell(f"{found:.2g} ulp" if found else "bits", found <= allowed)


def _without_p(arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: array for name, array in arrays.items() if name != PARAMETER}


def _signs_zeros(variant: Variant) -> bool:
    """Whether the sign of every zero is specified; ``max`` and ``min`` may return either of two zeros."""
    return not _operations(variant) & {"max", "min"}


def _exact(variant: Variant, kernel: Kernel, dtype: str, hypers: Mapping[str, float]) -> Cell:
    found = against_exact(
        variant, kernel, dtype, hypers, values(48, dtype, 0), [values(48, dtype, t) for t in range(1, 6)]
    )
    if found.compared == 0:
        return Cell("nothing in range", False)
    return Cell(f"{found.ulps:.2g} ulp ({found.share:.0%})", found.share <= 1)


def _original(variant: Variant, kernel: Kernel, dtype: str, has_torch: bool) -> Cell:
    found = against_originals(variant, kernel, dtype) if has_torch and _fixes_options_alone(variant.rule) else []
    return Cell(", ".join(f"{name} {distance:.3g} ulp" for name, distance in found), None if not found else True)


def _load_c(rule: Rule, dtype: str) -> Kernel:
    from symopt.run.kernel import load  # needs packages of the extra [c]

    return load(rule, dtype)


def _available(make: Callable[[], Any], notes: dict[str, None]) -> Any:
    """What ``make`` gives, or None with a note where a tool that it needs is missing."""
    try:
        return make()
    except MissingToolError as error:
        notes[f"not compared: {error}"] = None
        return None


def _operations(variant: Variant) -> set[str]:
    """The operations that are done on elements."""
    lets = [let.value for phase in variant.program.phases for sweep in phase.sweeps for let in sweep.body]
    return {node.op for node in walk(lets) if isinstance(node, Op)}


def _shown(cell: Cell) -> str:
    return cell.text if cell.ok is not False else f"FAILED: {cell.text}"
