"""The PyTorch optimizer of a rule: its arguments, and what it calls for each choice of options.

A rule that asks for one gradient of every parameter by itself has the class that optimizers of PyTorch
usually are. One that asks for several, reads the loss, draws random numbers or looks at all tensors
together has a class that goes over units: a parameter, or all parameters of a group. A rule that reads
an estimate of the second derivative has none, since a step of PyTorch is not given one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.backends.functions import all_hypers, doc_lines, gradients_of, hyper_views, init_hypers
from symopt.backends.interface import suffix_of, takes_loss
from symopt.ir.nodes import ref
from symopt.ir.program import Phase
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, HyperInfo
from symopt.lang.declare import Hyper, Option
from symopt.printers.python import identifier, literal

Name = Callable[[str], str]
ONE_GRADIENT, UNITS = "torch/optimizer.py.j2", "torch/optimizer_of_units.py.j2"


@dataclass(frozen=True)
class ArgumentView:
    """An argument of the optimizer's constructor."""

    name: str
    type: str
    default: str
    doc: str


@dataclass(frozen=True)
class ChoiceView:
    """What the optimizer calls for one choice of options; the fields are expressions."""

    key: str
    init: str
    init_names: str
    point: str
    step: str
    defaults: str
    queries: list[str]
    update: str
    flags: str


@dataclass(frozen=True)
class OptimizerView:
    """The class; ``templates`` is empty where there is none, ``of_matrices`` are functions that take matrices only."""

    templates: list[str]
    class_name: str
    doc: list[str]
    options: str
    arguments: list[ArgumentView]
    choices: list[ChoiceView]
    looks_ahead: bool
    checks: list[str]
    of_matrices: str
    seed_checks: list[str]


def optimizer_view(variants: Sequence[Variant], name: Name, reserved: frozenset[str]) -> OptimizerView:
    """The optimizer of a rule."""
    rule = variants[0].rule
    draws = any(variant.trace.draws for variant in variants)
    of_matrices = [f"init{suffix_of(variant)}" for variant in variants if variant.program.has_axes]
    template = UNITS if any(map(_needs_units, variants)) else ONE_GRADIENT
    return OptimizerView(
        templates=[template] if has_class(variants) else [],
        class_name=identifier(type(rule).__name__, reserved),
        doc=doc_lines(variants[0].trace.doc),
        options=_tuple(f'"{name(option)}"' for option in rule.declared(Option)),
        arguments=[*_arguments(variants, name), *([SEED] if draws else [])],
        choices=[_choice(variant, name) for variant in variants],
        looks_ahead=any(len(variant.program.phases) > 1 for variant in variants),
        checks=["torch/only_matrices.py.j2"] if of_matrices else [],
        of_matrices=_tuple(of_matrices),
        seed_checks=['_seed(group["seed"])'] if draws else [],
    )


def has_class(variants: Sequence[Variant]) -> bool:
    """Whether the rule has an optimizer: its steps read nothing that PyTorch does not give one."""
    return not any(HESSIAN in variant.trace.given for variant in variants)


def _needs_units(variant: Variant) -> bool:
    trace = variant.trace
    return len(trace.queries) != 1 or LOSS in trace.given or bool(trace.draws) or variant.program.over_model


SEED = ArgumentView("seed", "int", "0", "an integer from 0 to 2**64 - 1, which the random numbers depend on")


def _arguments(variants: Sequence[Variant], name: Name) -> list[ArgumentView]:
    """Hyper-parameters of all variants, then options, as the rule declares them."""
    rule = variants[0].rule
    declared = rule.declared(Hyper)
    hypers = [_hyper_argument(name(h), declared.get(h), hyper) for h, hyper in all_hypers(variants).items()]
    options = [
        ArgumentView(name(option), type(declared.default).__name__, repr(declared.default), _option_doc(declared))
        for option, declared in rule.declared(Option).items()
    ]
    return [*hypers, *options]


def _hyper_argument(name: str, declared: Hyper | None, hyper: HyperInfo) -> ArgumentView:
    domain = hyper.domain.describe(hyper.name)
    if declared is None or declared.when is None:
        return ArgumentView(name, "float", literal(hyper.default), domain)
    doc = f"{domain}; only with {declared.when}, and {literal(hyper.default)} there where none is given"
    return ArgumentView(name, "float | None", "None", doc)


def _option_doc(option: Option) -> str:
    needs = f"; needs {option.needs}" if option.needs else ""
    excludes = f"; excludes {option.excludes}" if option.excludes else ""
    return f"one of {', '.join(map(repr, option.choices))}{needs}{excludes}"


def _choice(variant: Variant, name: Name) -> ChoiceView:
    trace, suffix = variant.trace, suffix_of(variant)
    hypers, needed = hyper_views(trace.hypers, name), hyper_views(init_hypers(trace), name)
    *points, step = variant.program.phases
    functions = [_function(variant, phase) for phase in points]
    away = iter(functions)
    queries = ["None" if query.point is ref(PARAMETER) else next(away) for query in trace.queries]
    needs_closure = len(queries) > 1 or bool(points) or LOSS in trace.given
    return ChoiceView(
        key=_tuple(repr(choice) for choice in variant.rule.options.values()),
        init=f"init{suffix}",
        init_names=_tuple(f'"{hyper.name}"' for hyper in needed),
        point=f"{points[0].name}{suffix}" if points else "None",
        step=f"step{suffix}",
        defaults="{" + ", ".join(f'"{hyper.name}": {hyper.default}' for hyper in hypers) + "}",
        queries=queries,
        update=_function(variant, step),
        flags=f"over_model={variant.program.over_model}, needs_closure={needs_closure}",
    )


def _function(variant: Variant, phase: Phase) -> str:
    """A function, with the gradients that it reads by number, and what it takes by name besides hyper-parameters."""
    names = [query.name for query in variant.trace.queries]
    reads = _tuple(str(names.index(gradient)) for gradient in gradients_of(variant.trace, phase))
    draws = any(draw in phase.reads for draw in variant.trace.draws)
    takes = _tuple([*(['"loss"'] if takes_loss(phase) else []), *(['"seed"'] if draws else [])])
    return f"_Function({phase.name}{suffix_of(variant)}, {reads}, {takes})"


def _tuple(items: Iterable[str]) -> str:
    return f"({''.join(f'{item}, ' for item in items).rstrip()})"
