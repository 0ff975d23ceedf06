"""The page of hazards in floating-point numbers: ``python -m symopt.docs.floats docs/floats.md``.

The rules are those of ``TABLE`` in ``specs/theorems/floats.py``; everything else is found by running.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from pathlib import Path

from symopt.docs.coverage import table
from symopt.files import write_text
from symopt.lang.theorem.floats import HAZARDS
from symopt.run.hazards import HAPPENS, IMPOSSIBLE, Hazard, hazards

COMMAND = "python -m symopt.docs.floats docs/floats.md"
DTYPES = ("float32", "float16", "bfloat16")
MARKS = {HAPPENS: "yes", IMPOSSIBLE: "-"}
Found = Mapping[tuple[str, str], list[Hazard]]

ABOUT = f"""# In floating-point numbers

Theorems about rules are about real numbers. This page is about what their generated NumPy kernels do in a type
with few digits. It is made by `{COMMAND}`;
`symopt.run.hazards.hazards(target, dtype)` finds the same for every rule, type and value of hyper-parameters.

- **yes**: it happens; inputs were found on which the generated kernel does it, and a replay of its statements,
  one operation at a time, has the kernel's bits.
- **-**: it cannot happen, with any finite parameter and gradient: the ranges of all values, which rounding keeps
  since it is monotone, exclude it.
- **?**: neither was found.

Hyper-parameters have their defaults. Elements are rounded after every operation; numbers of a step, such as
`1 - beta2**t`, are doubles and rounded once, in all generated kernels. Kernels in other types than float32 and
float64 are made for these runs only.
"""


def page() -> str:
    """The page."""
    rules = importlib.import_module("symopt.specs.theorems.floats").TABLE
    found = {(rule, dtype): hazards(rule, dtype) for dtype in DTYPES for rule in rules}
    lines = [*ABOUT.splitlines(), "", "| hazard | meaning |", "| --- | --- |"]
    lines += [f"| {name} | {meaning} |" for name, meaning in HAZARDS.items()]
    for dtype in DTYPES:
        rows = [(f"`{rule}`", *(_cell(item) for item in found[rule, dtype])) for rule in rules]
        lines += ["", f"## {dtype}", "", *table(("", *HAZARDS), rows)]
    lines += ["", "## Examples", "", "The first rule of each table in which a hazard happens.", ""]
    return "\n".join([*lines, *_examples(found)]) + "\n"


def _cell(item: Hazard) -> str:
    return MARKS.get(item.verdict, "?")


def _examples(found: Found) -> list[str]:
    lines = []
    for index, kind in enumerate(HAZARDS):
        for dtype in DTYPES:
            cases = ((rule, items[index]) for (rule, own), items in found.items() if own == dtype)
            first = next(((rule, item) for rule, item in cases if item.verdict == HAPPENS), None)
            if first is not None:
                rule, item = first
                remark = f" ({item.found})" if item.found else ""
                lines.append(
                    f"- **{kind}**, {dtype}, `{rule}`, in `{item.where}`: at {item.inputs}: {item.effect}{remark}."
                )
    return lines


if __name__ == "__main__":
    write_text(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/floats.md"), page())
