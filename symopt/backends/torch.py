"""The PyTorch backend: one module a rule, with functions over tensors and a ``torch.optim.Optimizer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.backends.base import Backend, Variant
from symopt.backends.functions import HyperView, about_of, all_hypers, doc_lines, helpers_of, hyper_views
from symopt.backends.initial import InitView, init_view
from symopt.backends.interface import OWN, Dialect, Head, Interface, model_sums, python_numbers
from symopt.backends.torch_optimizer import has_class, optimizer_view
from symopt.backends.whole import WholePrinter, names_of
from symopt.ir.program import Phase, Segment
from symopt.ir.trace import PARAMETER
from symopt.printers.python import RESERVED, PythonPrinter
from symopt.printers.torch import TorchArrays, TorchNumbers

MODULE = frozenset({"Any", "Callable", "Iterable", "Iterator", "NamedTuple", "Optimizer", "Tensor", "dataclass"})
NAMES = RESERVED | MODULE | OWN | {"params", "self"}
name_of = PythonPrinter(NAMES).name
DIALECT = Dialect(
    array="Tensor",
    kind="tensor",
    is_empty="p.numel() == 0",
    size="p.numel()",
    new="torch.empty_like({0})",
    number="_double({0})",
    copy="p.detach().clone()",
    zeros="torch.zeros_like(p)",
    full="torch.full_like(p, {0})",
    shaped="p.new_full(_shape(p, {0}), {1})",
    name=name_of,
)
# Function -> the template that defines it; a module has those that its text calls.
HELPERS: Mapping[str, str] = {
    "_check": "torch/check.py.j2", "_check_matrix": "torch/check_matrix.py.j2", "_shape": "torch/shape.py.j2",
    "_check_model": "torch/check_model.py.j2", "_check_matrices": "torch/check_matrices.py.j2",
    "_check_numbers": "python/check_numbers.py.j2", "_tensors": "torch/tensors.py.j2", "_each": "torch/each.py.j2",
    "_number": "python/number.py.j2", "_double": "torch/double.py.j2", "_seed": "python/seed.py.j2",
    "_draws": "torch/draws.py.j2", "_wide": "torch/wide.py.j2", "_unwide": "torch/unwide.py.j2",
    "_inverse_root": "torch/inverse_root.py.j2", "_eigenbasis": "torch/eigenbasis.py.j2",
    "_orthogonal": "torch/orthogonal.py.j2",
}  # fmt: skip
# Helpers that other helpers call.
NEEDS: Mapping[str, str] = {"_check_matrix": "_shape", "_check_model": "_check", "_check_matrices": "_check_matrix"}


@dataclass(frozen=True)
class SegmentView:
    """What happens between two looks at the model; the lines of one tensor, then what is copied into its arrays."""

    scalars: list[str]
    loop: str
    statements: list[str]
    copies: list[str]
    after: list[str]


@dataclass(frozen=True)
class FunctionView:
    """The function of a phase; ``template`` says whether it loops over the tensors of a model."""

    template: str
    head: Head
    segments: list[SegmentView]


@dataclass(frozen=True)
class VariantView:
    """All functions of one choice of options."""

    title: str
    hypers: list[HyperView]
    init: InitView
    functions: list[FunctionView]


def view(variants: Sequence[Variant]) -> Mapping[str, Any]:
    """What the template of a module prints."""
    views = [_variant(variant) for variant in variants]
    optimizer = optimizer_view(variants, name_of, RESERVED | MODULE)
    used = helpers_of(HELPERS, NEEDS, [*views, optimizer])
    return {
        "doc": doc_lines(variants[0].trace.doc),
        "source": doc_lines(f"Source: {variants[0].rule.source}"),
        "about": about_of("torch", variants) if optimizer.templates else about_of("torch", variants, "functions"),
        "rule": variants[0].rule.name,
        "variants": views,
        "hypers": hyper_views(all_hypers(variants).values(), name_of),
        "helpers": ["python/hyper.py.j2", *used],
        "optimizer": optimizer,
        "typing": "Any, NamedTuple" if optimizer.templates else "Any",
        "libraries": ["from torch.optim import Optimizer"] if optimizer.templates else [],
        "abstract": "Callable, Iterator" if "torch/each.py.j2" in used else "Callable",
    }


def _variant(variant: Variant) -> VariantView:
    hypers = hyper_views(variant.trace.hypers, name_of)
    return VariantView(
        title=variant.rule.title,
        hypers=hypers,
        init=init_view(variant, DIALECT, PythonPrinter(NAMES)),
        functions=[_function(variant, phase, hypers) for phase in variant.program.phases],
    )


def _function(variant: Variant, phase: Phase, hypers: list[HyperView]) -> FunctionView:
    interface = Interface(variant, phase, hypers, DIALECT)
    numbers = TorchNumbers(NAMES, python_numbers(variant.program, phase))
    names = names_of(variant.program, phase)
    printer = WholePrinter(interface, numbers, TorchArrays(NAMES, names), names)
    segments, result = [], interface.result
    for segment in phase.segments:
        lines = printer.segment(segment)
        segments.append(
            SegmentView(
                scalars=[
                    *(numbers.definition(let.name, let.value) for let in segment.scalars),
                    *_zeros(interface, segment),
                ],
                loop=interface.loop(segment),
                statements=[*interface.tensor_start(segment), *lines.statements],
                copies=[*lines.copies, *interface.tensor_end(segment)],
                after=[f"{name_of(name)} = {name_of(name)}.cpu()" for name in model_sums(segment)],
            )
        )
        result = lines.result or result
    template = "torch/model_phase.py.j2" if interface.over_model else "torch/phase.py.j2"
    return FunctionView(template, interface.head(result), segments)


def _zeros(interface: Interface, segment: Segment) -> list[str]:
    """The sums over the model that a segment takes, before its first tensor."""
    first = f"{interface.listed(PARAMETER)}[0]"
    zero = f"torch.zeros((), dtype=torch.float64, device={first}.device)"
    return [f"{name_of(name)} = {zero}" for name in model_sums(segment)]


def lacks(variants: Sequence[Variant]) -> tuple[str, str]:
    """What the module of a rule lacks, and why."""
    if has_class(variants):
        return "", ""
    return "the torch.optim.Optimizer", "a step of PyTorch is given no estimate of the second derivative"


BACKEND = Backend("torch", {"module.py.j2": "{rule}.py"}, view, lacks)
