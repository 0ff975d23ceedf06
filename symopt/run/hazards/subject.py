"""What is examined: a rule's kernel in one type, with its hyper-parameters as numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from symopt.backends.base import Variant
from symopt.catalogue import resolve
from symopt.ir.nodes import Node
from symopt.ir.program import DType
from symopt.ir.rate import Rate
from symopt.ir.trace import Let, Trace
from symopt.lang.declare import Hyper
from symopt.lang.rule import Rule, Schedule
from symopt.passes.dtypes import assign_dtypes
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.printers.text import expression
from symopt.run.hazards.formats import Format, format_of
from symopt.run.modules import Kernel, NumPyKernel, load_module


@dataclass(frozen=True)
class Place:
    """An operation of a kernel: the statement that it is part of, and its node."""

    let: str
    node: Node

    def __str__(self) -> str:
        return expression(self.node, ascii=True)


@dataclass(frozen=True, eq=False)
class Subject:
    """A rule in one type.

    ``values`` are the hyper-parameters: those that the target fixes, and the defaults. They are given to the
    kernel, not compiled in, so that it can be run with others.
    """

    target: str
    variant: Variant
    values: Mapping[str, float]
    format: Format

    @property
    def trace(self) -> Trace:
        """The statements as the kernel carries them out, after every pass."""
        return self.variant.program.trace

    @cached_property
    def types(self) -> Mapping[str, DType]:
        """What each name is computed as: numbers in double precision, elements in the type."""
        return assign_dtypes(self.trace, self.variant.program.rates)

    @cached_property
    def lets(self) -> Mapping[str, Let]:
        """The statements by name."""
        return {let.name: let for let in self.trace.lets}

    @cached_property
    def kernel(self) -> Kernel:
        """The generated NumPy kernel for arrays of the type."""
        self.format.dtype  # noqa: B018  # says what is missing
        narrowed = Variant(
            self.variant.rule, "", self.variant.trace, self.variant.program, (self.format.name,)
        )  # fmt: skip
        return NumPyKernel(load_module("numpy", [narrowed]), narrowed)

    def is_element(self, name: str) -> bool:
        """Whether a name's value is computed in the type of the arrays."""
        return self.types[name] is DType.ELEMENT

    def is_array(self, state: str) -> bool:
        """Whether a state is an array, and not one number in double precision."""
        return self.variant.program.rates[state] > Rate.TENSOR


@lru_cache(maxsize=64)
def subject(target: str, dtype: str) -> Subject:
    """The kernel of a target in a type.

    Raises
    ------
    UsageError: the target names no rule, or the type is unknown.
    UnsupportedError: the rule has no kernel.
    """
    given = format_of(dtype)
    rule, values = _freed(resolve(target))
    recorded = trace(rule)
    values = {hyper.name: values.get(hyper.name, float(hyper.default)) for hyper in recorded.hypers}
    return Subject(target, Variant(rule, "", recorded, lower(recorded)), values, given)


def _freed(rule: Rule) -> tuple[Rule, dict[str, float]]:
    """The rule without the numbers that are fixed, and these; options and schedules stay."""
    hypers = rule.declared(Hyper)
    fixed: dict[str, Any] = {
        name: value for name, value in rule.settings.items() if name in hypers and not isinstance(value, Schedule)
    }
    kept = {name: value for name, value in rule.settings.items() if name not in fixed}
    return type(rule)(**kept), {name: float(value) for name, value in fixed.items()}
