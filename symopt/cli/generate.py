"""``symopt generate``: kernels for the backends."""

from __future__ import annotations

from pathlib import Path

import click

from symopt.cli.output import working


@click.command()
@click.argument("rules", nargs=-1, metavar="[RULE]...")
@click.option(
    "--backend", "backends", multiple=True, metavar="NAME", help="numpy, torch or c; all where none is given."
)
@click.option("--dtype", "dtypes", multiple=True, metavar="NAME", help="f32 or f64; both where none is given.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="The folder to write to.")
@click.option("--check", is_flag=True, help="Write nothing; fail where a file is stale.")
def command(
    rules: tuple[str, ...], backends: tuple[str, ...], dtypes: tuple[str, ...], out: Path | None, check: bool
) -> int:
    """Write the kernels of every RULE (of the whole catalogue where none is given)."""
    from symopt.catalogue import resolve
    from symopt.generate import generate

    with working("checking" if check else "generating") as progress:
        configured = [resolve(rule) for rule in rules] or None
        report = generate(configured, backends or None, dtypes or None, out, check, progress)
    click.echo(report.text())
    return report.exit_status
