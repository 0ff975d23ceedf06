"""A verdict for people: with both updates side by side, the map as code, and how to see the difference happen."""

from __future__ import annotations

from symopt.targets.advice import as_code
from symopt.targets.compare import Answer
from symopt.targets.sides import MARK, side_by_side


def explained(answer: Answer, width: int, *, has_script: bool = False) -> str:
    """The text of a verdict, with what makes it plain.

    Parameters
    ----------
    width: the columns of the terminal.
    has_script: whether a script is written too, so that none has to be offered.
    """
    verdict = answer.verdict
    details: list[str] = []
    if verdict.verdict in ("different", "equal-if"):
        sides = side_by_side(answer, width - 2)
        details += [f"side by side ({MARK} where they differ)", *(f"  {line}" for line in sides)] if sides else []
    code = as_code(answer)
    details += ["as code", *(f"  {line}" for line in code)] if code else []
    offer = ["  --repro FILE writes a script that shows this"] if verdict.witness and not has_script else []
    return "\n".join([verdict.text(details), *offer])
