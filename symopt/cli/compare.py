"""``symopt compare``: are two targets the same optimizer?"""

from __future__ import annotations

from pathlib import Path
from shutil import get_terminal_size

import click

from symopt.cli.output import json_option, print_json, working
from symopt.errors import UsageError

# Columns where the width of the terminal is not known.
WIDTH = 120


@click.command()
@click.argument("left")
@click.argument("right")
@click.option("--map", "mapping", metavar="a=b,...", help="Hyper-parameters of RIGHT as expressions in those of LEFT.")
@click.option("--varying", multiple=True, metavar="NAME", help="A hyper-parameter that changes from step to step.")
@click.option("--accept-if", is_flag=True, help="Take 'equal under a map or condition' as yes.")
@click.option(
    "--time-limit", type=float, default=10.0, show_default=True, metavar="S",
    help="Seconds after which the answer is unknown.",
)  # fmt: skip
@click.option(
    "--repro", metavar="FILE", type=click.Path(path_type=Path),
    help="Write a Python script that shows the difference, with nothing but the frameworks of the two.",
)  # fmt: skip
@json_option
def command(
    left: str, right: str, mapping: str | None, varying: tuple[str, ...], accept_if: bool, time_limit: float,
    repro: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Are LEFT and RIGHT the same optimizer?

    A target in a Python file runs that file; C is read and never run. Exit status: 0 equal; 1 different, or equal
    only under a map or condition; 3 undecided.
    """
    from symopt.targets.compare import answer
    from symopt.targets.explained import explained
    from symopt.targets.repro import write_repro

    if not time_limit > 0:  # which NaN is not either
        raise UsageError(f"--time-limit {time_limit:g}: the limit is a positive number of seconds")
    hyper_map = read_map(mapping) if mapping is not None else None
    with working(f"comparing {left} and {right}"):
        found = answer(
            left, right, hyper_map=hyper_map, varying=varying, time_limit=time_limit, in_process=True
        )  # fmt: skip
        text = "" if as_json else explained(found, get_terminal_size((WIDTH, 24)).columns, has_script=repro is not None)
    verdict = found.verdict
    if as_json:
        print_json(verdict.to_json())
    else:
        click.echo(text)
    if repro is not None:
        write_repro(found, repro)
        click.echo(f"wrote {repro}", err=True)
    conditional = verdict.exit_status == 1 and verdict.to_json()["verdict"] == "equal-if"
    return 0 if accept_if and conditional else verdict.exit_status


def read_map(text: str) -> dict[str, str]:
    """``a=b,c=d`` as a dictionary; a comma inside parentheses belongs to its expression.

    Raises
    ------
    UsageError: a part is no ``name=expression``, or a name comes twice.
    """
    mapping: dict[str, str] = {}
    for part in _parts(text):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not name.isidentifier() or not value:
            raise UsageError(f"--map {part.strip()!r} is no name=expression; write --map eps=2*eps,lr=lr")
        if name in mapping:
            raise UsageError(f"--map gives {name!r} twice")
        mapping[name] = value
    return mapping


def _parts(text: str) -> list[str]:
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts
