"""``symopt identify``: which rule of the catalogue is a target?"""

from __future__ import annotations

import click

from symopt.cli.output import json_option, print_json, working
from symopt.errors import UsageError


@click.command()
@click.argument("target")
@click.option("--accept-if", is_flag=True, help="Take 'a rule under a map or condition' as yes.")
@click.option(
    "--time-limit", type=float, default=10.0, show_default=True, metavar="S", help="Seconds for each comparison.",
)  # fmt: skip
@json_option
def command(target: str, accept_if: bool, time_limit: float, as_json: bool) -> int:
    """Which rule of the catalogue is TARGET, exactly or under a map? The nearest ones where it is none.

    A target in a Python file runs that file; C is read and never run. Exit status: 0 a rule of the catalogue;
    1 one under a map or condition, or none; 3 undecided.
    """
    from symopt.targets.identify import identify

    if not time_limit > 0:  # which NaN is not either
        raise UsageError(f"--time-limit {time_limit:g}: the limit is a positive number of seconds")
    with working(f"identifying {target}") as progress:
        found = identify(target, time_limit=time_limit, progress=progress)
    if as_json:
        print_json(found.to_json())
    else:
        click.echo(found.text())
    return 0 if accept_if and found.verdict == "equal-if" else found.exit_status
