"""``symopt matrix``: compare all pairs of some targets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from symopt.cli.output import advancing, json_option, print_json, print_table
from symopt.errors import UsageError

if TYPE_CHECKING:
    from symopt.targets.matrix import Matrix

SUFFIXES = (".md", ".html", ".json", ".txt")


@click.command()
@click.argument("targets", nargs=-1, required=True)
@click.option(
    "--time-limit", type=float, default=5.0, show_default=True, metavar="S", help="Seconds for each pair.",
)  # fmt: skip
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes; one for each core by default.")
@click.option(
    "--out", type=click.Path(dir_okay=False), multiple=True, metavar="FILE",
    help="Write the table to FILE too: .md, .html, .json or .txt; may be given several times.",
)  # fmt: skip
@json_option
def command(targets: tuple[str, ...], time_limit: float, jobs: int | None, out: tuple[str, ...], as_json: bool) -> int:
    """Compare all pairs of TARGETS: a table.

    A target in a Python file runs that file; C is read and never run. Exit status: 0 all are equal; 1 two are not;
    2 a target is not lifted; 3 undecided.
    """
    from symopt.files import write_text
    from symopt.targets.matrix import LEGEND, matrix
    from symopt.targets.matrix_pages import written

    if not time_limit > 0:  # which NaN is not either
        raise UsageError(f"--time-limit {time_limit:g}: the limit is a positive number of seconds")
    for name in out:
        if not name.endswith(SUFFIXES):
            raise UsageError(f"--out {name}: a table is written as {', '.join(SUFFIXES)}")
    with advancing("comparing") as progress:
        found = matrix(targets, time_limit=time_limit, processes=jobs, progress=progress)
    for name in out:
        write_text(Path(name), written(found, Path(name).suffix))
    if as_json:
        print_json(found.to_json())
    else:
        _print(found)
        click.echo(LEGEND)
    return found.exit_status


def _print(found: Matrix) -> None:
    numbers = [str(i) for i in range(1, len(found.targets) + 1)]
    rows = [[f"{number} {row[0]}", *row[1:]] for number, row in zip(numbers, found.rows(), strict=True)]
    print_table(("", *numbers), rows)
    for i, why in found.errors.items():
        click.echo(f"{found.targets[i]}: not lifted: {why}", err=True)
