"""The PyTorch backend: one module a rule, with functions over tensors and a ``torch.optim.Optimizer``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.backends.base import Backend, Variant
from symopt.backends.functions import (
    HyperView,
    StateView,
    all_hypers,
    doc_lines,
    gradients_of,
    hyper_views,
    init_hypers,
    initial,
    reads_step,
    states_of,
    wrapped,
)  # fmt: skip
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Ref
from symopt.ir.program import Phase
from symopt.ir.trace import PARAMETER, HyperInfo, Let, StateInfo, Trace
from symopt.lang.declare import Hyper, Option
from symopt.printers.python import RESERVED, PythonPrinter, identifier, literal
from symopt.printers.torch import TorchPrinter

MODULE = frozenset({"Any", "Callable", "Iterable", "NamedTuple", "Optimizer", "Tensor"})
NAMES = RESERVED | MODULE | {"state", "params", "self"}
SCALARS = PythonPrinter(NAMES)
name_of = SCALARS.name


@dataclass(frozen=True)
class FunctionView:
    """The function of a phase: its statements, and the copies that make new values those of the arrays."""

    name: str
    arguments: list[str]
    checked: str
    states: list[StateView]
    scalars: list[str]
    statements: list[str]
    copies: list[str]
    result: str
    is_step: bool
    reads_step: bool


@dataclass(frozen=True)
class VariantView:
    """All functions of one choice of options, and how the optimizer finds them."""

    title: str
    suffix: str
    key: str
    hypers: list[HyperView]
    defaults: str
    init_arguments: list[str]
    init_hypers: list[HyperView]
    init_names: str
    states: list[StateView]
    functions: list[FunctionView]
    point: str


@dataclass(frozen=True)
class ArgumentView:
    """An argument of the optimizer's constructor."""

    name: str
    type: str
    default: str
    doc: str


def view(variants: Sequence[Variant]) -> Mapping[str, Any]:
    """What the template of a module prints."""
    rule = variants[0].rule
    views = [_variant(variant) for variant in variants]
    return {
        "doc": doc_lines(variants[0].trace.doc),
        "source": doc_lines(f"Source: {rule.source}"),
        "variants": views,
        "class_name": identifier(type(rule).__name__, RESERVED | MODULE),
        "arguments": _arguments(variants),
        "hypers": hyper_views(all_hypers(variants).values(), name_of),
        "options": _tuple(f'"{name_of(name)}"' for name in rule.declared(Option)),
        "looks_ahead": any(view.point != "None" for view in views),
    }


def _arguments(variants: Sequence[Variant]) -> list[ArgumentView]:
    """Hyper-parameters of all variants, then options, as the rule declares them."""
    rule = variants[0].rule
    declared = rule.declared(Hyper)
    hypers = [_hyper_argument(declared.get(name), hyper) for name, hyper in all_hypers(variants).items()]
    options = [
        ArgumentView(name_of(name), type(option.default).__name__, repr(option.default), _option_doc(option))
        for name, option in rule.declared(Option).items()
    ]
    return [*hypers, *options]


def _hyper_argument(declared: Hyper | None, hyper: HyperInfo) -> ArgumentView:
    domain = hyper.domain.describe(hyper.name)
    if declared is None or declared.when is None:
        return ArgumentView(name_of(hyper.name), "float", literal(hyper.default), domain)
    doc = f"{domain}; only with {declared.when}, and {literal(hyper.default)} there where none is given"
    return ArgumentView(name_of(hyper.name), "float | None", "None", doc)


def _option_doc(option: Option) -> str:
    needs = f"; needs {option.needs}" if option.needs else ""
    excludes = f"; excludes {option.excludes}" if option.excludes else ""
    return f"one of {', '.join(map(repr, option.choices))}{needs}{excludes}"


def _variant(variant: Variant) -> VariantView:
    trace, suffix = variant.trace, f"_{variant.suffix}" if variant.suffix else ""
    if len(trace.queries) != 1:
        raise UnsupportedError(f"{trace.title}: the PyTorch optimizer evaluates one gradient a step")
    needed, hypers = hyper_views(init_hypers(trace), name_of), hyper_views(trace.hypers, name_of)
    states = [StateView(name_of(state.name), state.name, _initial(state)) for state in trace.states]
    points = [f"{phase.name}{suffix}" for phase in variant.program.phases[:-1]]
    return VariantView(
        title=variant.rule.title,
        suffix=suffix,
        key=_tuple(repr(choice) for choice in variant.rule.options.values()),
        hypers=hypers,
        defaults="{" + ", ".join(f'"{hyper.name}": {hyper.default}' for hyper in hypers) + "}",
        init_arguments=_signature(["p: Tensor"], needed),
        init_hypers=needed,
        init_names=_tuple(f'"{hyper.name}"' for hyper in needed),
        states=states,
        functions=[_function(trace, phase, suffix, hypers, states) for phase in variant.program.phases],
        point=points[0] if points else "None",
    )


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items).rstrip()})"


def _initial(state: StateInfo) -> str:
    return initial(state, "p.detach().clone()", "torch.zeros_like(p)", "torch.full_like(p, {0})", SCALARS)


def _signature(arrays: list[str], hypers: list[HyperView]) -> list[str]:
    keywords = ["*", *(f"{hyper.name}: float = {hyper.default}" for hyper in hypers)] if hypers else []
    return wrapped([*arrays, *keywords])


def _function(
    trace: Trace, phase: Phase, suffix: str, hypers: list[HyperView], states: list[StateView]
) -> FunctionView:
    if len(phase.sweeps) != 1 or phase.sweeps[0].partials:
        raise UnsupportedError(f"{trace.name}: the PyTorch backend prints one sweep without reductions")
    (sweep,) = phase.sweeps
    printer = TorchPrinter(NAMES, phase.uniforms)
    gradients = [name_of(name) for name in gradients_of(trace, phase)]
    used = states_of(trace, phase, states)
    given = [f'"{name}": {name}' for name in gradients]
    kept = [f'"{state.declared}": state.get("{state.declared}")' for state in used]
    is_step = phase.name == "step"
    return FunctionView(
        name=f"{phase.name}{suffix}",
        arguments=_signature([*(f"{name}: Tensor" for name in ["p", *gradients]), "state: dict[str, Any]"], hypers),
        checked="{" + ", ".join([*given, *kept]) + "}",
        states=used,
        scalars=[f"{name_of(let.name)} = {SCALARS.expression(let.value)}" for let in phase.scalars],
        statements=[_statement(let, phase, printer) for let in sweep.body],
        copies=[f"{name_of(s.array)}.copy_({_array(s.value, phase)})" for s in sweep.stores] if is_step else [],
        result=_array(sweep.stores[0].value, phase),
        is_step=is_step,
        reads_step=reads_step(phase),
    )


def _statement(let: Let, phase: Phase, printer: TorchPrinter) -> str:
    """One statement; what only names an array that will be overwritten keeps the old values by a copy."""
    value = printer.expression(let.value)
    if isinstance(let.value, Ref) and let.value.name in (*phase.writes, PARAMETER):
        value = f"{value}.clone()"
    elif _is_number(let.value, phase):
        value = f"torch.full_like(p, {value})"
    return f"{name_of(let.name)} = {value}"


def _array(name: str, phase: Phase) -> str:
    """What is stored, as a tensor of its own."""
    return f"{name_of(name)}.clone()" if name in phase.arrays else name_of(name)


def _is_number(value: Node, phase: Phase) -> bool:
    return isinstance(value, Num) or (isinstance(value, Ref) and value.name in phase.uniforms)


BACKEND = Backend("torch", {"module.py.j2": "{rule}.py"}, view)
