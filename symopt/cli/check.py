"""``symopt check``: the generated kernels, against each other and against the exact interpreter."""

from __future__ import annotations

import click

from symopt.cli.output import json_option, print_json, working


@click.command()
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@json_option
def command(rules: tuple[str, ...], as_json: bool) -> int:
    """Run the kernels of every RULE against each other and against the exact interpreter."""
    from symopt.catalogue import resolve
    from symopt.run.check import check

    with working("checking") as progress:
        configured = [resolve(rule) for rule in rules] or None
        report = check(configured, progress)
    if as_json:
        print_json(report.to_json())
    else:
        click.echo(report.text())
    return report.exit_status
