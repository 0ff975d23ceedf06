"""``symopt explain``: the way of a rule to its kernel."""

from __future__ import annotations

import click

from symopt.cli.output import json_option, print_json, working


@click.command()
@click.argument("rule")
@click.option("--backend", metavar="NAME", default="c", show_default=True, help="numpy, torch or c.")
@json_option
def command(rule: str, backend: str, as_json: bool) -> None:
    """The passes of RULE one after the other, operation counts, and bytes moved for an element."""
    from symopt.explain import explain

    with working(f"explaining {rule}"):
        explained = explain(rule, backend)
    if as_json:
        print_json(explained.to_json())
    else:
        click.echo(explained.text())
