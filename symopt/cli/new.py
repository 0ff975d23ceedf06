"""``symopt new``: a rule file to start from."""

from __future__ import annotations

from pathlib import Path

import click

from symopt.errors import UsageError


@click.command()
@click.argument("name")
def command(name: str) -> None:
    """Write NAME.py, a rule to start from, into the current folder; nothing is overwritten."""
    from symopt.docs.templates import render
    from symopt.files import write_text
    from symopt.lang.declare import check_name

    check_name(name, f"{name}.py")
    title = "".join(part.capitalize() for part in name.split("_"))
    path = Path(f"{name}.py")
    if path.exists():
        raise UsageError(f"{path} exists and is left as it is; choose another name")
    write_text(path, render("rule.py.j2", name=name, title=title))
    click.echo(f"{path}\ntry: symopt show {path}")
