"""``symopt check``: the generated kernels, run against each other and read back against their rules."""

from __future__ import annotations

import click

from symopt.cli.output import json_option, print_json, working


@click.command()
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@json_option
def command(rules: tuple[str, ...], as_json: bool) -> int:
    """Check the kernels of every RULE.

    They are run against each other and against the exact interpreter, and every generated source is read back from
    its text and proved equal to its rule. Exit status: 0 all is as it must be; 1 something is not; 3 undecided.
    """
    from symopt.catalogue import resolve
    from symopt.lift.validation import validate
    from symopt.run.check import check

    with working("checking") as progress:
        configured = [resolve(rule) for rule in rules] or None
        report = check(configured, progress)
    with working("reading back") as progress:
        validated = validate(configured, progress)
    if as_json:
        print_json({**report.to_json(), "validation": validated.to_json()})
    else:
        click.echo(report.text())
        click.echo(validated.text())
    return max(report.exit_status, validated.exit_status, key=(0, 3, 1).index)
