"""What every lifter gives: a trace, and the evidence that it stands for the source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from symopt.ir.trace import Trace

ALL_SHAPES = "all shapes"


@dataclass(frozen=True)
class Lifted:
    """An update rule that was found in somebody's code.

    Parameters
    ----------
    trace: one step from a general state, the initial values of states included.
    framework: torch, jax, keras, numpy or c.
    scope: what the trace holds for: ``all shapes``, ``shape (4, 16)``, ``n <= 17``.
    hyper_paths: hyper-parameter -> how the source calls it, as in ``betas[0]``.
    state_paths: state -> where the source keeps it, as in ``state.exp_avg`` or ``group.step``.
    casts: conversions of element types that were seen; a proof is about real numbers.
    matrix: rows and columns of the parameter, where sizes of that shape are written into the trace as numbers.
    fixed: arguments that were given as they are.
    counters: where the source counts steps, which the trace calls ``t`` -> the number before the first step.
    """

    trace: Trace
    framework: str
    scope: str = ALL_SHAPES
    hyper_paths: Mapping[str, str] = field(default_factory=dict)
    state_paths: Mapping[str, str] = field(default_factory=dict)
    casts: tuple[str, ...] = ()
    matrix: tuple[int, int] | None = None
    fixed: Mapping[str, object] = field(default_factory=dict)
    counters: Mapping[str, int] = field(default_factory=dict)

    @property
    def defaults(self) -> dict[str, Fraction]:
        """The defaults of the hyper-parameters."""
        return {hyper.name: hyper.default for hyper in self.trace.hypers}
