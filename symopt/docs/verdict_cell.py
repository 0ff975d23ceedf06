"""A verdict in the cell of a table: a few words, with what is too long for one left to ``symopt compare``."""

from __future__ import annotations

import re
from collections.abc import Iterable

from symopt.lift.lifted import ALL_SHAPES
from symopt.prove.verdict import Verdict
from symopt.targets.stated import Stated

# Longer conditions are about where roots and quotients are defined, and say little to a reader.
LONGEST = 48
DEFINED = "wherever both are defined"
EQUAL_WHERE = "equal where "
# What depends on the machine: where packages are installed, how many runs there was time for.
FOLDERS = re.compile(r"(?<![\w.])/\S*?/site-packages/")
RELATION = re.compile(r" (<=|>=|!=|=|<|>) ")
RUNS = re.compile(r"\A\d+ exact runs agree, and no proof was found.*")


def stated_cell(stated: Stated) -> str:
    """What is proved of an entry of ``specs/originals``."""
    if stated.verdict is not None:
        return verdict_cell(stated.verdict)
    return stated.reason if stated.is_random else f"not lifted: {without_folders(stated.reason)}"


def verdict_cell(verdict: Verdict, is_map_given: bool = True) -> str:
    """A verdict; an equality under a map that is given is one."""
    scope = f" ({verdict.scope})" if verdict.scope not in (None, ALL_SHAPES) else ""
    return _said(verdict, is_map_given) + scope


def _said(verdict: Verdict, is_map_given: bool) -> str:
    match verdict.verdict:
        case "equal":
            return equal_where("equal", verdict.conditions)
        case "equal-if":
            is_map = not is_map_given and map_cell(verdict)
            return equal_where("equal under a map" if is_map else "equal", verdict.conditions)
        case "different" if any(condition.startswith(EQUAL_WHERE) for condition in verdict.conditions):
            # One of the two alone is defined somewhere.
            return equal_where("equal", [text.removeprefix(EQUAL_WHERE) for text in verdict.conditions])
        case "different":
            return f"different from step {verdict.first_step} on"
    return f"undecided: {reason_of(verdict)}"


def map_cell(verdict: Verdict) -> str:
    """The hyper-parameters of the right that are more than another name for one of the left or a condition."""
    mapped = [f"{name} = {text}" for name, text in (verdict.hyper_map or {}).items() if not text.isidentifier()]
    return ", ".join(f"`{text}`" for text in mapped if text not in verdict.conditions)


def equal_where(word: str, conditions: Iterable[str]) -> str:
    """A word for equality with its conditions, the long ones in words."""
    texts = list(dict.fromkeys(map(_condition, conditions)))
    short = [text for text in texts if text != DEFINED]
    said = f"{word} if {' and '.join(short)}" if short else word
    return f"{said}, {DEFINED}" if DEFINED in texts else said


def _condition(text: str) -> str:
    """A condition in a cell; what must hold at every step is said in words."""
    if RELATION.search(text) is None:
        return text
    return f"`{text}`" if len(text) <= LONGEST else DEFINED


def reason_of(verdict: Verdict) -> str:
    """Why a verdict is open, without what differs from run to run."""
    return without_folders(RUNS.sub("exact runs agree, and no proof was found", verdict.reason or ""))


def without_folders(text: str) -> str:
    """A message without the place where packages are installed."""
    return FOLDERS.sub("", text)
