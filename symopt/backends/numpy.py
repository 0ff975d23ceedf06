"""The NumPy backend: one module a rule, in place, block by block; rules with matrices work on whole arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.backends.base import Backend, Variant
from symopt.backends.functions import HyperView, about_of, all_hypers, doc_lines, helpers_of, hyper_views
from symopt.backends.initial import InitView, init_view
from symopt.backends.interface import OWN, Dialect, Head, Interface, model_sums, python_numbers
from symopt.backends.numpy_blocks import BlockPrinter, SweepView
from symopt.backends.whole import WholePrinter, names_of
from symopt.ir.program import Phase, Segment
from symopt.printers.numpy import NumPyPrinter
from symopt.printers.numpy_arrays import NumPyArrays, NumPyNumbers
from symopt.printers.python import RESERVED, PythonPrinter

NAMES = RESERVED | OWN
PRINTER = NumPyPrinter(NAMES)
name_of = PRINTER.name
DIALECT = Dialect(
    array="np.ndarray",
    kind="array",
    is_empty="p.size == 0",
    size="p.size",
    new="np.empty_like({0})",
    number="np.float64({0})",
    copy='np.array(p, order="K")',
    zeros="np.zeros_like(p)",
    full="np.full_like(p, {0})",
    shaped="np.full(_shape(p, {0}), {1}, p.dtype)",
    name=name_of,
)
# Function -> the template that defines it; a module has those that its text calls.
HELPERS: Mapping[str, str] = {
    "_check": "numpy/check.py.j2", "_check_matrix": "numpy/check_matrix.py.j2", "_shape": "numpy/shape.py.j2",
    "_check_model": "numpy/check_model.py.j2", "_check_matrices": "numpy/check_matrices.py.j2",
    "_check_numbers": "python/check_numbers.py.j2", "_tensors": "numpy/tensors.py.j2", "_each": "numpy/each.py.j2",
    "_number": "python/number.py.j2", "_seed": "python/seed.py.j2", "_draws": "numpy/draws.py.j2",
    "_Sum": "numpy/sum.py.j2", "_Largest": "numpy/largest.py.j2", "_Smallest": "numpy/smallest.py.j2",
    "_double": "numpy/double.py.j2", "_wide": "numpy/wide.py.j2", "_unwide": "numpy/unwide.py.j2",
    "_inverse_root": "numpy/inverse_root.py.j2", "_eigenbasis": "numpy/eigenbasis.py.j2",
    "_orthogonal": "numpy/orthogonal.py.j2",
}  # fmt: skip
# Helpers that other helpers call.
NEEDS: Mapping[str, str] = {"_check_matrix": "_shape", "_check_model": "_check", "_check_matrices": "_check_matrix"}


@dataclass(frozen=True)
class SegmentView:
    """What happens between two looks at the model: numbers first, then a loop over its tensors.

    For each tensor there are the lines before, the sweeps, and the lines after.
    """

    scalars: list[str]
    loop: str
    before: list[str]
    sweeps: list[SweepView]
    after: list[str]


@dataclass(frozen=True)
class FunctionView:
    """The function of a phase; ``template`` says whether it loops over the tensors of a model."""

    template: str
    head: Head
    segments: list[SegmentView]
    sweeps: list[SweepView]


@dataclass(frozen=True)
class VariantView:
    """All functions of one choice of options."""

    title: str
    hypers: list[HyperView]
    init: InitView
    functions: list[FunctionView]


def view(variants: Sequence[Variant]) -> Mapping[str, Any]:
    """What the template of a module prints."""
    has_sums = any(
        phase.partials for variant in variants if not variant.program.has_axes for phase in variant.program.phases
    )
    views = [_variant(variant, has_sums) for variant in variants]
    blocked = ["numpy/blocks_and_sums.py.j2" if has_sums else "numpy/blocks.py.j2"]
    is_blocked = any(function.sweeps for view in views for function in view.functions)
    used = helpers_of(HELPERS, NEEDS, views)
    return {
        "doc": doc_lines(variants[0].trace.doc),
        "source": doc_lines(f"Source: {variants[0].rule.source}"),
        "about": about_of("numpy", variants),
        "rule": variants[0].rule.name,
        "hypers": hyper_views(all_hypers(variants).values(), name_of),
        "variants": views,
        "dtypes": ", ".join(f'np.dtype("{dtype}")' for dtype in variants[0].dtypes),
        "abstract": "Callable, Iterator" if is_blocked or "numpy/each.py.j2" in used else "Callable",
        "constants": ["numpy/block_bytes.py.j2"] if is_blocked else [],
        "helpers": ["python/hyper.py.j2", *used, *(blocked if is_blocked else [])],
    }


def _variant(variant: Variant, has_sums: bool) -> VariantView:
    hypers = hyper_views(variant.trace.hypers, name_of)
    return VariantView(
        title=variant.rule.title,
        hypers=hypers,
        init=init_view(variant, DIALECT, PythonPrinter(NAMES)),
        functions=[_function(variant, phase, hypers, has_sums) for phase in variant.program.phases],
    )


def _function(variant: Variant, phase: Phase, hypers: list[HyperView], has_sums: bool) -> FunctionView:
    interface = Interface(variant, phase, hypers, DIALECT)
    numbers = NumPyNumbers(NAMES, python_numbers(variant.program, phase))
    build = _whole if variant.program.has_axes else _blocked
    segments, result = build(interface, numbers, has_sums)
    return FunctionView(
        template="numpy/model_phase.py.j2" if interface.over_model else "numpy/phase.py.j2",
        head=interface.head(result),
        segments=segments,
        sweeps=[sweep for segment in segments for sweep in segment.sweeps],
    )


def _blocked(interface: Interface, numbers: NumPyNumbers, has_sums: bool) -> tuple[list[SegmentView], str]:
    """The segments of a phase that goes over its arrays in blocks, and what a point returns."""
    blocks = BlockPrinter(interface, PRINTER, numbers, has_sums)
    found = []
    for segment in interface.phase.segments:
        sweeps, after = blocks.segment(segment)
        before = [*interface.tensor_start(segment), *(["real = p.dtype.type"] if sweeps else [])]
        found.append(_segment(interface, numbers, segment, before, sweeps, after))
    return found, interface.result


def _whole(interface: Interface, numbers: NumPyNumbers, has_sums: bool) -> tuple[list[SegmentView], str]:
    """The segments of a phase over whole matrices, and what a point returns."""
    names = names_of(interface.program, interface.phase)
    printer = WholePrinter(interface, numbers, NumPyArrays(NAMES, names), names)
    found, result = [], interface.result
    for segment in interface.phase.segments:
        lines = printer.segment(segment)
        statements = [*interface.tensor_start(segment), *lines.statements]
        real = ["real = p.dtype.type"] if any("real(" in line for line in [*statements, *lines.copies]) else []
        found.append(_segment(interface, numbers, segment, [*real, *statements], [], lines.copies))
        result = lines.result or result
    return found, result


def _segment(
    interface: Interface, numbers: NumPyNumbers, segment: Segment, before: list[str], sweeps: list[SweepView],
    after: list[str],
) -> SegmentView:  # fmt: skip
    return SegmentView(
        scalars=[
            *(numbers.definition(let.name, let.value) for let in segment.scalars),
            *(f"{name_of(name)} = np.float64(0.0)" for name in model_sums(segment)),
        ],
        loop=interface.loop(segment),
        before=before,
        sweeps=sweeps,
        after=[*after, *interface.tensor_end(segment)],
    )


BACKEND = Backend("numpy", {"module.py.j2": "{rule}.py"}, view)
