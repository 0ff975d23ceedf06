"""The outcome of a check: a table, what it means, and an exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symopt.run.hostile import LENGTHS
from symopt.run.trial import STEPS


@dataclass(frozen=True)
class Cell:
    """The outcome of one comparison; ``ok`` is None where it could not be made."""

    text: str
    ok: bool | None = True


NONE = Cell("not available", None)
REFUSED = Cell("no kernel", None)


@dataclass(frozen=True)
class Row:
    """All comparisons of one variant in one element type; ``on`` says on what kind of tensors."""

    rule: str
    dtype: str
    on: str
    c: Cell
    torch: Cell
    exact: Cell
    original: Cell

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The comparisons, in the order of the table's columns."""
        return self.c, self.torch, self.exact, self.original


COLUMNS = ("rule", "type", "on", "C = NumPy", "PyTorch = NumPy", "exact", "original")


@dataclass(frozen=True)
class Report:
    """The rows of a check; ``notes`` say what could not be compared and why."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 where every comparison that was made came out as it must, else 1."""
        return 1 if any(cell.ok is False for row in self.rows for cell in row.cells) else 0

    def table(self) -> list[tuple[str, ...]]:
        """The rows as text, without the columns' names."""
        return [(row.rule, row.dtype, row.on, *(_shown(cell) for cell in row.cells)) for row in self.rows]

    def text(self) -> str:
        """The table, aligned, and what it means."""
        lines = [COLUMNS, *self.table()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(COLUMNS))]
        shown = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        failed = sum(cell.ok is False for row in self.rows for cell in row.cells)
        outcome = f"{failed} comparisons failed" if failed else "all comparisons came out as they must"
        return "\n".join([*(line.rstrip() for line in shown), *LEGEND, *self.notes, outcome])

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt check --json``."""
        rows = [
            {"rule": row.rule, "type": row.dtype, "on": row.on}
            | {name: {"text": cell.text, "ok": cell.ok} for name, cell in zip(_KEYS, row.cells, strict=True)}
            for row in self.rows
        ]
        return {"schema": "symopt.check/1", "rows": rows, "notes": list(self.notes), "ok": self.exit_status == 0}


_KEYS = ("c", "torch", "exact", "original")
LEGEND = (
    f"on: arrays of {', '.join(map(str, LENGTHS))} elements; matrices, tall and wide, of one element and of none;",
    "      models of several tensors. Numbers are hostile: edges of the type; tensors of zeros, tiny and huge ones.",
    f"bits: equal bit for bit over {STEPS} steps; all arrays start inside a line of memory.",
    "PyTorch, exact: one step from NumPy's arrays, in ulps of the largest addend of each result. The exact step is",
    "      that of the rule's trace; in brackets, the error's share of a rigorous bound of the rounding errors.",
    "      Two kernels may each be off by it. What leaves the type's range has no bound and does not count.",
    "      Eigenvectors and what is made of them have none either: they must agree to half of the digits.",
    "original: the implementation whose form the rule states, after 20 steps, in ulps of the largest parameter.",
)


def _shown(cell: Cell) -> str:
    return cell.text if cell.ok is not False else f"FAILED: {cell.text}"
