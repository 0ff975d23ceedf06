"""``symopt show``: one update rule as text, LaTeX, Markdown or JSON."""

from __future__ import annotations

import click

from symopt.cli.output import json_option, working

FORMATS = ("text", "latex", "markdown", "json")


@click.command()
@click.argument("target")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", show_default=True)
@json_option
def command(target: str, form: str, as_json: bool) -> None:
    """The update of TARGET as statements and equations."""
    from symopt.docs.show import show

    with working(f"reading {target}"):
        shown = show(target, "json" if as_json else form)
    click.echo(shown.rstrip("\n"))
