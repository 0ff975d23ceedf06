"""``symopt prove``: settle the theorems of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable

import click

from symopt.cli.output import json_option, print_json, working


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="List the theorems, settle nothing.")
@json_option
def command(names: tuple[str, ...], only_list: bool, as_json: bool) -> int:
    """Settle the theorems and re-check each proof with the independent checker.

    Exit status: 0 all as stated; 1 one is not; 3 one is undecided.
    """
    from symopt.prove.theorems import prove, theorem_names

    if only_list:
        listed = list(theorem_names())
        print_json({"schema": "symopt.theorems/1", "theorems": listed}) if as_json else click.echo("\n".join(listed))
        return 0
    with working("proving"):
        results = prove(list(names) or None)
    if as_json:
        print_json({"schema": "symopt.prove/1", "theorems": [result.to_json() for result in results]})
    else:
        for result in results:
            click.echo(result.text())
    return worst(result.exit_status for result in results)


def worst(statuses: Iterable[int]) -> int:
    """The status of the whole: a claim that fails outweighs one that is undecided."""
    found = set(statuses)
    return next((status for status in (1, 3) if status in found), 0)
