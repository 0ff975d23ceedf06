"""A table of verdicts as text, Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape

from symopt.docs.coverage import plain, table
from symopt.prove.verdict import Verdict
from symopt.targets.matrix import LEGEND, Matrix

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --line: #ddd; --soft: #767676;
--equal: #bfe3cb; --if: #fae3a9; --different: #f7f5f5; --open: #dfe4ee }
@media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161616; --line: #3a3a3a; --soft: #9a9a9a;
--equal: #1f5c38; --if: #6b5415; --different: #1f1d1d; --open: #34405a } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 90rem;
color: var(--ink); background: var(--paper) }
.table { overflow-x: auto; max-width: 100%; border: 1px solid var(--line) }
table { border-collapse: collapse; font-size: 13px }
th, td { border: 1px solid var(--line); padding: 0; height: 1.7rem }
td, th[scope=col] { min-width: 1.65rem; text-align: center } th[scope=col] { font-weight: 500; color: var(--soft) }
th[scope=row] { text-align: left; font-weight: 400; padding: 0 .5rem; position: sticky; left: 0; white-space: nowrap;
background: var(--paper) } th[scope=row] b { display: inline-block; min-width: 1.6rem; font-weight: 500;
color: var(--soft) }
td a { display: block; line-height: 1.7rem; color: inherit; text-decoration: none }
.equal { background: var(--equal) } .if { background: var(--if) } .open { background: var(--open) }
.different { background: var(--different); color: var(--soft) } td.self { background: none; color: var(--soft) }
.legend span { display: inline-block; min-width: 1.65rem; text-align: center; border: 1px solid var(--line);
margin: 0 .3rem 0 1rem } .legend span:first-child { margin-left: 0 }
details { margin: .3rem 0 } summary { cursor: pointer; overflow-wrap: anywhere }
pre { overflow-x: auto; font-size: 12px; padding: .5rem; background: var(--different) }
@media (max-width: 40rem) { body { margin: 1rem auto } h1 { font-size: 1.4rem } th[scope=row] { white-space: normal;
overflow-wrap: anywhere; min-width: 8rem; max-width: 9.5rem; font-size: 11px;
line-height: 1.25; padding: .15rem .3rem } th[scope=row] b { min-width: 0 } }
"""
# What a cell shows -> its class, what that means, the heading of its pairs.
MEANINGS: Mapping[str, tuple[str, str, str]] = {
    "=": ("equal", "equal", "Equal"),
    "if": ("if", "equal under a map or condition", "Equal under a map or condition"),
    "?": ("open", "undecided", "Undecided"),
    "≠": ("different", "different", "Different"),
    "-": ("open", "not lifted", ""),
}


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
    """One page without scripts: the table, each cell with a link to the details of its pair."""
    count = len(matrix.targets)
    head = "".join(
        f'<th scope="col" title="{escape(title)}">{i}</th>' for i, title in enumerate(matrix.targets, 1)
    )  # fmt: skip
    body = "\n".join(
        f'<tr><th scope="row"><b>{i + 1}</b> {escape(matrix.targets[i])}</th>'
        + "".join(_cell(matrix, i, j) for j in range(count)) + "</tr>"
        for i in range(count)
    )  # fmt: skip
    legend = "".join(f'<span class="{kind}">{escape(cell)}</span>{said}' for cell, (kind, said, _) in MEANINGS.items())
    missing = "".join(f"<p>{escape(line)}</p>" for line in _not_lifted(matrix))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width, initial-scale=1"><title>Which are the same?</title><style>{STYLE}</style></head>'
        f'<body>\n<h1>Which are the same?</h1>\n<p class="legend">{legend}</p>\n<div class="table"><table>\n'
        f"<tr><td></td>{head}</tr>\n{body}\n</table></div>\n{missing}\n{_details(matrix)}\n</body></html>\n"
    )


def _cell(matrix: Matrix, i: int, j: int) -> str:
    cell = matrix.cell(i, j)
    kind, said, _ = MEANINGS[cell]
    first, second = min(i, j), max(i, j)
    if (first, second) not in matrix.verdicts:
        return f'<td class="{"self" if i == j else kind}">{escape(cell)}</td>'
    title = escape(f"{matrix.targets[first]} and {matrix.targets[second]}: {said}")
    return f'<td class="{kind}"><a href="#{first + 1}-{second + 1}" title="{title}">{escape(cell)}</a></td>'


def _details(matrix: Matrix) -> str:
    """The verdicts in full, those that are equal first."""
    parts = []
    for cell, (_, _, heading) in MEANINGS.items():
        pairs = [pair for pair in sorted(matrix.verdicts) if matrix.cell(*pair) == cell]
        if pairs:
            parts.append(f"<h2>{heading}: {len(pairs)}</h2>")
        parts += [
            f'<details id="{i + 1}-{j + 1}"><summary>{escape(matrix.targets[i])} and {escape(matrix.targets[j])}'
            f"</summary><pre>{escape(matrix.verdicts[i, j].text())}</pre></details>"
            for i, j in pairs
        ]
    return "\n".join(parts)


def as_json(matrix: Matrix) -> str:
    """The document of ``symopt matrix --json``."""
    return json.dumps(matrix.to_json(), indent=2, ensure_ascii=False) + "\n"


def _said(verdict: Verdict) -> str:
    maps = [f"`{name}` = `{text}`" for name, text in (verdict.hyper_map or {}).items() if name != text]
    return " ".join(
        filter(None, [plain(verdict.cause or verdict.reason or ""), f"Map: {', '.join(maps)}." if maps else ""])
    )


def _not_lifted(matrix: Matrix) -> list[str]:
    return [f"{matrix.targets[i]}: not lifted: {why}" for i, why in matrix.errors.items()]


FORMS: Mapping[str, Callable[[Matrix], str]] = {
    ".txt": as_text, ".md": as_markdown, ".html": as_html, ".json": as_json,
}  # fmt: skip
