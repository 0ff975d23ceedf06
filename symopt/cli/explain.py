"""``symopt explain``: the way of a rule to its kernel."""

from __future__ import annotations

import click


@click.command()
@click.argument("rule")
def command(rule: str) -> None:
    """The passes of RULE one after the other, operation counts, and bytes moved for an element."""
    from symopt.explain import explain

    click.echo(explain(rule).text())
