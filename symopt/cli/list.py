"""``symopt list``: the rules of the catalogue, the parts of chains, and the schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from symopt.cli.output import json_option, print_json, print_table, working

if TYPE_CHECKING:
    from symopt.ir.trace import Trace
    from symopt.lang.rule import Declared

COLUMNS = ("name", "class", "states", "options", "source")


@click.command()
@json_option
def command(as_json: bool) -> None:
    """The rules of the catalogue, with source, class, states and options; then parts of chains, and schedules."""
    from symopt import catalogue
    from symopt.lang.compose import chain
    from symopt.passes.tracing import trace

    with working("listing") as progress:
        names = catalogue.rule_names()
        rules = []
        for done, name in enumerate(names):
            progress(done, len(names), name)
            rules.append(_with_kind(catalogue.rule(name), trace(catalogue.rule(name))))
        parts = [_with_kind(part, trace(chain(part))) for part in map(catalogue.part, catalogue.part_names())]
    schedules = [_described(catalogue.schedule(name)) for name in catalogue.schedule_names()]
    if as_json:
        names = [schedule["name"] for schedule in schedules]
        print_json({"schema": "symopt.list/1", "rules": rules, "schedules": names, "parts": parts})
        return
    rows = [_row(rule, rule["kind"]) for rule in rules]
    rows += [_row(part, f"part: {part['kind']}") for part in parts]
    rows += [_row(schedule, "schedule") for schedule in schedules]
    print_table(COLUMNS, rows, wraps="source")


def _row(described: dict[str, Any], kind: str) -> tuple[str, ...]:
    return (
        described["name"],
        kind,
        " ".join(described["states"]),
        " ".join(described["options"]),
        described["source"],
    )


def _described(cls: type[Declared]) -> dict[str, Any]:
    """What a rule, a part or a schedule declares."""
    from symopt.lang import Hyper, Option, State

    return {
        "name": cls.name,
        "class": cls.__name__,
        "summary": " ".join((cls.__doc__ or "").split()),
        "source": getattr(cls, "source", ""),
        "hypers": list(cls.declared(Hyper)),
        "states": list(cls.declared(State)),
        "options": list(cls.declared(Option)),
    }


def _with_kind(cls: type[Declared], recorded: Trace) -> dict[str, Any]:
    """A rule or a part with its class, of the default options, and the rules inside it."""
    from symopt.classes import letters, traits_of, words
    from symopt.lang import Inner

    traits = traits_of(recorded)
    inner = list(cls.declared(Inner))
    kind = words(traits) + (", wrapper" if inner else "")
    return {**_described(cls), "kind": kind, "letters": letters(traits), "inner": inner}
