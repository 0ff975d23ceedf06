"""What commands print with: one JSON document, or tables and lines for people."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

Arguments = tuple[str, ...]

json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


def console(*, stderr: bool = False) -> Console:
    """A rich console; it honours NO_COLOR and writes plain text where it is no terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=True)


def print_json(document: Mapping[str, Any]) -> None:
    """One document on standard output."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, wraps: str = "") -> None:
    """A table; the column ``wraps`` takes the room that is left. Off a terminal, columns are divided by tabs."""
    screen = console()
    if not screen.is_terminal:
        for row in [columns, *rows]:
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, no_wrap=column != wraps, style="bold" if column == columns[0] else "")
    for row in rows:
        table.add_row(*map(Text, row))
    screen.print(table, soft_wrap=False)


@contextmanager
def working(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show that something is being done: a spinner on a terminal, nothing elsewhere.

    What the block prints, as a rule's file may, goes to standard error: standard output holds the answer alone.
    The block may tell how far it is: the number of things done, their number, and the next one's name.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:
        with redirect_stdout(sys.stderr):
            yield lambda done, total, name: None
        return
    with redirect_stdout(sys.stderr), screen.status(what) as status:
        yield lambda done, total, name: status.update(f"{what} {name} ({done + 1} of {total})")


@contextmanager
def advancing(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show how far something is: a bar on a terminal, a line for every tenth elsewhere, on standard error.

    The block tells the number of things done, their number, and the name of the last one.
    """
    screen = console(stderr=True)
    if not screen.is_terminal:

        def line(done: int, total: int, name: str) -> None:
            if total >= 10 and done * 10 // total > (done - 1) * 10 // total:
                click.echo(f"{what}: {done} of {total}", err=True)

        with redirect_stdout(sys.stderr):
            yield line
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[name]}")
    with redirect_stdout(sys.stderr), Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(what, total=None, name="")
        yield lambda done, total, name: bar.update(task, completed=done, total=total, name=name)
