"""Programs as lines of text, for tests to compare."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.ir.program import Phase, Product, Scalars, Stage, Sweep
from symopt.ir.text import node_text
from symopt.lang import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace


def step_of(rule: type[Rule]) -> Phase:
    return lower(trace(rule)).step


def shown(phase: Phase) -> list[str]:
    """Every stage on a line: the segments' numbers, numbers of a tensor, sweeps, operations on matrices."""
    lines: list[str] = []
    for segment in phase.segments:
        lines.append(" ".join(["segment", *(let.name for let in segment.scalars)]))
        lines += map(stage_text, segment.stages)
    return lines


def stage_text(stage: Stage) -> str:
    match stage:
        case Scalars(lets=lets):
            return " ".join(["numbers", *(let.name for let in lets)])
        case Product(name=name, value=value):
            return f"product {name} = {node_text(value)}"
        case Sweep():
            return " | ".join(filter(None, (f"sweep {stage.shape}", *_parts(stage))))


def _parts(sweep: Sweep) -> Iterator[str]:
    yield " ".join(let.name if not is_load(sweep, let.name) else f"<{let.name}" for let in sweep.body)
    yield " ".join(node_text(partial.reduction) for partial in sweep.partials)
    yield " ".join(f"{store.array}:={store.value}" for store in sweep.stores)


def is_load(sweep: Sweep, name: str) -> bool:
    """Whether a statement of a sweep reads memory and computes nothing."""
    (value,) = (let.value for let in sweep.body if let.name == name)
    return not value.args
