"""The hazards by name, and what finds each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from symopt.errors import MissingToolError, UnsupportedError, UsageError, nearest
from symopt.lang.theorem.floats import HAZARDS
from symopt.run.hazards import averages, powers, quotients, roots, squares
from symopt.run.hazards.hazard import Hazard, unknown
from symopt.run.hazards.subject import Subject, subject

Finder = Callable[[Subject, float | None], Hazard]
FINDERS: Mapping[str, Finder] = dict(
    zip(
        HAZARDS,
        (
            quotients.zero_denominator, quotients.zero_guard, quotients.absorbed_guard, roots.negative_root,
            squares.infinite_square, squares.zero_square, averages.factor_of_one, averages.stopped_sum,
            averages.stopped_counter, averages.lost_update, powers.zero_power, powers.cancelled_correction,
        ),
        strict=True,
    )
)  # fmt: skip


def hazard(target: str, dtype: str, kind: str, most: float | None = None) -> Hazard:
    """One hazard of a rule in a type.

    Parameters
    ----------
    target: as on the command line.
    dtype: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
    kind: one of ``HAZARDS``.
    most: no gradient is larger in size than this.

    Raises
    ------
    UsageError: the target, the type or the hazard is unknown; ``most`` is not positive.
    """
    if kind not in FINDERS:
        raise UsageError(f"no hazard is called {kind!r}; {nearest(kind, FINDERS)}")
    if most is not None and not most > 0:
        raise UsageError(f"gradients of size at most {most}: a positive number is meant")
    try:
        return FINDERS[kind](subject(target, dtype), most).called(kind)
    except (MissingToolError, UnsupportedError) as error:
        return unknown(str(error)).called(kind)
