"""All hazards of a rule in a type."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.run.hazards.hazard import Hazard
from symopt.run.hazards.kinds import FINDERS, hazard


def hazards(target: str, dtype: str = "float32", most: float | None = None) -> list[Hazard]:
    """What can go wrong with a rule in a type, and what cannot.

    Parameters
    ----------
    target: as on the command line.
    dtype: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
    most: no gradient is larger in size than this.

    Raises
    ------
    UsageError: the target or the type is unknown.
    """
    return [hazard(target, dtype, kind, most) for kind in FINDERS]


def text(found: Sequence[Hazard]) -> str:
    """Hazards as people read them."""
    return "\n".join(item.text() for item in found)
