"""``symopt doctor``: what is installed, and what each missing piece would enable."""

from __future__ import annotations

import click

from symopt.cli.output import json_option, print_json, print_table


@click.command()
@json_option
def command(as_json: bool) -> int:
    """What is installed, which compiler, which frameworks; what each missing piece would enable.

    Exit status: 0 everything that symopt needs is there; 4 something that it needs is missing.
    """
    from symopt.doctor import doctor

    diagnosis = doctor()
    if as_json:
        print_json(diagnosis.to_json())
        return diagnosis.exit_status
    rows = [
        (finding.name, finding.found or "missing", finding.enables, "" if finding.found else finding.install)
        for finding in diagnosis.findings
    ]
    print_table(("piece", "found", "what for", "to install"), rows, wraps="what for")
    for warning in diagnosis.warnings:
        click.echo(f"warning: {warning}")
    return diagnosis.exit_status
