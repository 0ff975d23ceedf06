"""Numbers that a target fixes, put into what was lifted: exactly, as they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symopt.ir.nodes import Node, num
from symopt.lang.domain import exact_number
from symopt.lift.arguments import is_number
from symopt.lift.lifted import Lifted
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite

ELEMENT = re.compile(r"(?P<argument>\w+)(\[(?P<position>\d+)\])?\Z")
WORD = re.compile(r"[A-Za-z]\w*")


def pinned(parts: Sequence[Lifted], settings: Mapping[str, Any]) -> tuple[Lifted, ...]:
    """What was lifted, with the hyper-parameters that the settings give as numbers."""
    return tuple(_pinned(part, _values(part.hyper_paths, settings)) for part in parts)


def _values(paths: Mapping[str, str], settings: Mapping[str, Any]) -> dict[str, Fraction]:
    """Hyper-parameter -> its number, of those whose argument is set."""
    values: dict[str, Fraction] = {}
    for name, path in paths.items():
        match = ELEMENT.match(path)
        value = settings.get(match["argument"]) if match is not None else None
        if match is not None and match["position"] is not None and isinstance(value, tuple | list):
            value = value[int(match["position"])]
        if is_number(value):
            values[name] = exact_number(value)  # type: ignore[arg-type]  # it is a number
    return values


def _pinned(part: Lifted, values: Mapping[str, Fraction]) -> Lifted:
    own = {hyper.name for hyper in part.trace.hypers}
    nodes: dict[str, Node] = {name: num(value) for name, value in values.items() if name in own}
    if not nodes:
        return part
    trace = drop_dead(rewrite(part.trace, nodes))
    # What is assumed of these numbers alone was true of them when the code was run.
    kept = tuple(text for text in trace.assumptions if not (names := set(WORD.findall(text))) or not names <= {*nodes})
    return replace(part, trace=replace(trace, assumptions=kept))
