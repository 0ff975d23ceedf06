"""A table of verdicts as text, Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape

from symopt.docs.coverage import table
from symopt.prove.verdict import Verdict
from symopt.targets.matrix import LEGEND, Matrix

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem; color: #222; background: #fff }
table { border-collapse: collapse } th, td { border: 1px solid #ccc; padding: .25rem .5rem; text-align: center }
th[scope=row] { text-align: left; font-weight: 500 } td.equal { background: #d9efe0 } td.if { background: #fbeecb }
td.different { background: #f6dada } td.open { background: #eee }
details { margin: .4rem 0 } summary { cursor: pointer }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #1b1b1b } th, td { border-color: #555 }
td.equal { background: #1f4a30 } td.if { background: #57461a } td.different { background: #5a2626 }
td.open { background: #333 } }
"""
KINDS: Mapping[str, str] = {"=": "equal", "if": "if", "≠": "different", "?": "open", "-": "open"}


def written(matrix: Matrix, suffix: str) -> str:
    """The table as a file with this suffix holds it."""
    return FORMS[suffix](matrix)


def as_text(matrix: Matrix) -> str:
    """Columns divided by tabs, then the groups that are equal."""
    numbers = [str(i) for i in range(1, len(matrix.targets) + 1)]
    lines = ["\t".join(["", *numbers])]
    lines += ["\t".join([f"{n} {row[0]}", *row[1:]]) for n, row in zip(numbers, matrix.rows(), strict=True)]
    return "\n".join([*lines, LEGEND, *_not_lifted(matrix)]) + "\n"


def as_markdown(matrix: Matrix) -> str:
    """A table, then what separates each pair."""
    lines = [*grid(matrix), "", LEGEND, ""]
    for (i, j), verdict in sorted(matrix.verdicts.items()):
        if said := _said(verdict):
            lines.append(f"- `{matrix.targets[i]}` and `{matrix.targets[j]}`: {verdict.verdict}. {said}")
    return "\n".join([*lines, *_not_lifted(matrix)]) + "\n"


def grid(matrix: Matrix) -> list[str]:
    """The table alone, as lines of Markdown."""
    numbers = [str(i) for i in range(1, len(matrix.targets) + 1)]
    rows = [[f"{n} `{row[0]}`", *row[1:]] for n, row in zip(numbers, matrix.rows(), strict=True)]
    return table(["", *numbers], rows)


def as_html(matrix: Matrix) -> str:
    """One page without scripts: the table, then the details of each pair."""
    head = "".join(f'<th scope="col">{i}</th>' for i in range(1, len(matrix.targets) + 1))
    body = "\n".join(
        f'<tr><th scope="row">{i} {escape(row[0])}</th>'
        + "".join(f'<td class="{KINDS[cell]}">{escape(cell)}</td>' for cell in row[1:]) + "</tr>"
        for i, row in enumerate(matrix.rows(), 1)
    )  # fmt: skip
    details = "\n".join(
        f"<details><summary>{escape(matrix.targets[i])} and {escape(matrix.targets[j])}: {verdict.verdict}</summary>"
        f"<pre>{escape(verdict.text())}</pre></details>"
        for (i, j), verdict in sorted(matrix.verdicts.items())
    )
    missing = "".join(f"<p>{escape(line)}</p>" for line in _not_lifted(matrix))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>Which are the same?</title><style>{STYLE}</style></head><body>\n'
        f"<h1>Which are the same?</h1>\n<table>\n<tr><td></td>{head}</tr>\n{body}\n</table>\n"
        f"<p>{escape(LEGEND)}</p>\n{missing}\n<h2>Pairs</h2>\n{details}\n</body></html>\n"
    )


def as_json(matrix: Matrix) -> str:
    """The document of ``symopt matrix --json``."""
    return json.dumps(matrix.to_json(), indent=2, ensure_ascii=False) + "\n"


def _said(verdict: Verdict) -> str:
    maps = [f"`{name}` = `{text}`" for name, text in (verdict.hyper_map or {}).items() if name != text]
    return " ".join(filter(None, [verdict.cause or verdict.reason or "", f"Map: {', '.join(maps)}." if maps else ""]))


def _not_lifted(matrix: Matrix) -> list[str]:
    return [f"{matrix.targets[i]}: not lifted: {why}" for i, why in matrix.errors.items()]


FORMS: Mapping[str, Callable[[Matrix], str]] = {
    ".txt": as_text, ".md": as_markdown, ".html": as_html, ".json": as_json,
}  # fmt: skip
