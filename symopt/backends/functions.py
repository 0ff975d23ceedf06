"""What the Python backends share: the functions of a module, as values that templates can print."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from symopt.backends.base import Variant
from symopt.ir.nodes import refs
from symopt.ir.program import Phase
from symopt.ir.trace import HESSIAN, LOSS, STEP, HyperInfo, Trace
from symopt.lang.declare import Hyper
from symopt.printers.python import in_docstring, inside, literal

WIDTH = 100  # of a list of arguments, indented once
Name = Callable[[str], str]


@dataclass(frozen=True)
class HyperView:
    """A hyper-parameter of a function: its default, and its domain as a condition on ``x`` and in words."""

    name: str
    default: str
    inside: str
    domain: str


def hyper_views(hypers: Iterable[HyperInfo], name: Name) -> list[HyperView]:
    """The hyper-parameters of a trace."""
    return [
        HyperView(
            name(hyper.name),
            literal(hyper.default),
            inside(hyper.domain, "x"),
            hyper.domain.describe(hyper.name),
        )
        for hyper in hypers
    ]


def all_hypers(variants: Sequence[Variant]) -> dict[str, HyperInfo]:
    """The hyper-parameters of all variants, in the order in which the rule declares them, then those of schedules."""
    known = {hyper.name: hyper for variant in variants for hyper in variant.trace.hypers}
    declared = [name for name in variants[0].rule.declared(Hyper) if name in known]
    return {name: known[name] for name in dict.fromkeys([*declared, *known])}


def init_hypers(trace: Trace) -> list[HyperInfo]:
    """The hyper-parameters that initial values read."""
    read = refs(*(state.init for state in trace.states))
    return [hyper for hyper in trace.hypers if hyper.name in read]


def wrapped(items: Iterable[str]) -> list[str]:
    """Items joined by commas, in lines of a readable length that lack their last comma."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) < WIDTH:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines


def helpers_of(helpers: Mapping[str, str], needs: Mapping[str, str], views: Any) -> list[str]:
    """The templates of the functions that the text of a module's views calls, and of those that these call."""
    text = "\n".join(_texts(views))
    called = [name for name in helpers if re.search(rf"(?<!\w){name}\(", text)]
    for name in called:
        called += [needs[name]] if name in needs and needs[name] not in called else []
    return [helpers[name] for name in helpers if name in called]


def _texts(value: Any) -> Iterator[str]:
    """Every string in a view."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _texts(getattr(value, field.name))


def about_of(backend: str, variants: Sequence[Variant], first: str = "") -> list[str]:
    """The templates of the paragraphs that say what the module's functions take; ``first`` names the first one."""
    programs = [variant.program for variant in variants]
    given = {name for variant in variants for name in variant.trace.given}
    axes = [program.has_axes for program in programs]
    kinds = {
        "python/about_some_matrices.j2": any(axes) and not all(axes),
        f"{backend}/about_model.j2": any(program.over_model for program in programs),
        "python/about_numbers.j2": any(program.step.numbers for program in programs),
        "python/about_loss.j2": LOSS in given,
        "python/about_hessian.j2": HESSIAN in given,
        "python/about_seed.j2": any(variant.trace.draws for variant in variants),
        f"{backend}/about_queries.j2": any(len(variant.trace.queries) > 1 for variant in variants),
    }
    first = first or ("matrices" if all(axes) else "arrays")
    return [f"{backend}/about_{first}.j2", *(template for template, holds in kinds.items() if holds)]


def doc_lines(text: str) -> list[str]:
    """Documentation as lines inside a docstring, wrapped."""
    return textwrap.wrap(in_docstring(text), WIDTH, break_long_words=False, break_on_hyphens=False)


def gradients_of(trace: Trace, phase: Phase) -> list[str]:
    """The gradients that a phase's function takes, those that it reads, in the order in which they are asked for."""
    return [query.name for query in trace.queries if query.name in phase.reads]


def reads_step(phase: Phase) -> bool:
    """Whether a phase reads the step number."""
    return STEP in refs(*(let.value for let in phase.scalars)) or STEP in phase.uniforms


def free_prefix(stem: str, names: Sequence[str]) -> str:
    """``stem`` with underscores added until no name starts with it."""
    while any(name.startswith(stem) for name in names):
        stem += "_"
    return stem
