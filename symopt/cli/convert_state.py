"""``symopt convert-state``: the state of one optimizer as that of another."""

from __future__ import annotations

from pathlib import Path

import click

from symopt.cli.output import json_option, print_json, working
from symopt.errors import UsageError


@click.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--from", "source", required=True, metavar="TARGET", help="The optimizer whose state it is.")
@click.option("--to", "target", required=True, metavar="TARGET", help="The optimizer whose state it becomes.")
@click.option("--out", type=click.Path(path_type=Path), help="The file to write; beside CHECKPOINT by default.")
@click.option("--hyper", "hypers", metavar="a=1,...", help="Values of hyper-parameters that CHECKPOINT does not hold.")
@click.option("--steps", type=click.IntRange(min=1), help="The number of steps taken, where CHECKPOINT has no counter.")
@click.option(
    "--params", type=click.Path(path_type=Path), help="An .npz of the parameters in order, where states need them."
)
@click.option("--approximate", is_flag=True, help="Keep one value of what would change from step to step.")
@click.option(
    "--time-limit", type=float, default=10.0, show_default=True, metavar="S",
    help="Seconds after which the answer is unknown.",
)  # fmt: skip
@json_option
def command(
    checkpoint: Path, source: str, target: str, out: Path | None, hypers: str | None, steps: int | None,
    params: Path | None, approximate: bool, time_limit: float, as_json: bool,
) -> None:  # fmt: skip
    """Write the state that another optimizer would have after the same steps.

    CHECKPOINT is of PyTorch a file of torch.save(optimizer.state_dict()); else an .npz: for optax the leaves
    of the state by jax.tree_util.keystr, for Keras the variables as save_own_variables numbers them, for a rule the
    state of its NumPy kernel; hyper-parameters stand beside them as hyper/NAME. A target in a Python file runs that
    file. Exit status: 0 written; 1 there is no proved relation between the states; 3 undecided.
    """
    from symopt.targets.convert import convert_state

    if not time_limit > 0:  # which NaN is not either
        raise UsageError(f"--time-limit {time_limit:g}: the limit is a positive number of seconds")
    with working(f"comparing {source} and {target}"):
        done = convert_state(
            checkpoint, source, target, out=out, hypers=_read_hypers(hypers) if hypers else None, steps=steps,
            params=params, approximate=approximate, time_limit=time_limit, in_process=True,
        )  # fmt: skip
    if as_json:
        print_json(done.to_json())
    else:
        click.echo(done.text())


def _read_hypers(text: str) -> dict[str, float]:
    """``a=1,b=2`` as numbers by name."""
    found = {}
    for part in text.split(","):
        name, _, value = (piece.strip() for piece in part.partition("="))
        try:
            found[name] = float(value)
        except ValueError:
            raise UsageError(f"--hyper {part.strip()!r} is no name=number; write --hyper lr=0.1,beta1=0.9") from None
    return found
