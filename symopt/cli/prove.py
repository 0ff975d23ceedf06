"""``symopt prove``: settle the theorems of the catalogue."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from symopt.cli.output import advancing, json_option, print_json, working


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--list", "only_list", is_flag=True, help="List the theorems, settle nothing.")
@click.option("--jobs", type=click.IntRange(min=1), help="How many at a time; as many as there are cores by default.")
@click.option("--time-limit", type=click.FloatRange(min=0, min_open=True), default=10.0, help="Seconds for each.")
@click.option(
    "--certificates", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Write the certificates of proved equalities there.",
)  # fmt: skip
@json_option
def command(
    names: tuple[str, ...], only_list: bool, jobs: int | None, time_limit: float, certificates: Path | None,
    as_json: bool,
) -> int:  # fmt: skip
    """Settle the theorems and re-check each proof with the independent checker.

    Exit status: 0 all as stated; 1 one is not; 3 one is undecided.
    """
    from symopt.theorems import prove, theorem_names

    if only_list:
        listed = list(theorem_names())
        print_json({"schema": "symopt.theorems/1", "theorems": listed}) if as_json else click.echo("\n".join(listed))
        return 0
    with advancing("proving") as progress:
        results = prove(list(names) or None, jobs=jobs, time_limit=time_limit, progress=progress)
    if as_json:
        print_json({"schema": "symopt.prove/1", "theorems": [result.to_json() for result in results]})
    else:
        for result in results:
            click.echo(result.text())
    if certificates is not None:
        from symopt.theorems.certificates import write_certificates

        with working("writing certificates"):
            written = write_certificates(results, certificates)
        click.echo(f"{len(written)} certificates in {certificates}", err=True)
    return worst(result.exit_status for result in results)


def worst(statuses: Iterable[int]) -> int:
    """The status of the whole: a claim that fails outweighs one that is undecided."""
    found = set(statuses)
    return next((status for status in (1, 3) if status in found), 0)
