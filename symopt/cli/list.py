"""``symopt list``: the rules of the catalogue."""

from __future__ import annotations

from typing import Any

import click

from symopt.cli.output import json_option, print_json, print_table


@click.command()
@json_option
def command(as_json: bool) -> None:
    """The rules of the catalogue, with source, class, states and options."""
    from symopt import catalogue

    rules = [_described(name) for name in catalogue.rule_names()]
    if as_json:
        print_json({"schema": "symopt.list/1", "rules": rules, "schedules": catalogue.schedule_names()})
        return
    rows = [
        (rule["name"], rule["class"], " ".join(rule["states"]), " ".join(rule["options"]), rule["source"])
        for rule in rules
    ]
    print_table(("name", "class", "states", "options", "source"), rows, wraps="source")


def _described(name: str) -> dict[str, Any]:
    from symopt import catalogue
    from symopt.lang import Hyper, Option, State

    rule = catalogue.rule(name)
    return {
        "name": name,
        "class": rule.__name__,
        "summary": " ".join((rule.__doc__ or "").split()),
        "source": rule.source,
        "hypers": list(rule.declared(Hyper)),
        "states": list(rule.declared(State)),
        "options": list(rule.declared(Option)),
    }
