"""A verdict in the cell of a table: a few words, with what is too long for one left to ``symopt compare``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from symopt.lift.lifted import ALL_SHAPES
from symopt.prove.verdict import Verdict
from symopt.targets.stated import Stated

# Longer conditions, and those on states, are about where roots and quotients are defined.
LONGEST = 48
DEFINED = "wherever both are defined"
EQUAL_WHERE = "equal where "
# What depends on the machine: where packages are installed, how many runs there was time for.
FOLDERS = re.compile(r"(?<![\w.])/\S*?/site-packages/")
WORD = re.compile(r"[A-Za-z_]\w*")
FIXES = re.compile(r"\w+ = [^=<>]+\Z")
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
    names = {name for item in (verdict.hyper_map or {}).items() for text in item for name in WORD.findall(text)}
    match verdict.verdict:
        case "equal":
            return equal_where("equal", verdict.conditions, names)
        case "equal-if":
            is_map = not is_map_given and map_cell(verdict)
            return equal_where("equal under a map" if is_map else "equal", verdict.conditions, names)
        case "different" if any(condition.startswith(EQUAL_WHERE) for condition in verdict.conditions):
            # One of the two alone is defined somewhere.
            conditions = [text.removeprefix(EQUAL_WHERE) for text in verdict.conditions]
            return equal_where("equal", conditions, {name for text in conditions for name in WORD.findall(text)})
        case "different":
            return f"different from step {verdict.first_step} on"
    return f"undecided: {reason_of(verdict)}"


def map_cell(verdict: Verdict) -> str:
    """The hyper-parameters of the right that are more than another name for one of the left or a condition."""
    mapped = [f"{name} = {text}" for name, text in (verdict.hyper_map or {}).items() if not text.isidentifier()]
    return ", ".join(f"`{text}`" for text in mapped if text not in verdict.conditions)


def equal_where(word: str, conditions: Iterable[str], names: Collection[str]) -> str:
    """A word for equality with its conditions; those that are long, or on more than some names, in words."""
    texts = list(dict.fromkeys(_condition(text, names) for text in conditions))
    short = [text for text in texts if text != DEFINED]
    said = f"{word} if {' and '.join(short)}" if short else word
    return f"{said}, {DEFINED}" if DEFINED in texts else said


def _condition(text: str, names: Collection[str]) -> str:
    """A condition in a cell: what fixes a hyper-parameter or bounds it as code, one in words as it is."""
    if RELATION.search(text) is None:
        return text
    is_short = len(text) <= LONGEST and (FIXES.match(text) is not None or {*WORD.findall(text)} <= {*names})
    return f"`{text}`" if is_short else DEFINED


def reason_of(verdict: Verdict) -> str:
    """Why a verdict is open, without what differs from run to run."""
    return without_folders(RUNS.sub("exact runs agree, and no proof was found", verdict.reason or ""))


def without_folders(text: str) -> str:
    """A message without the place where packages are installed."""
    return FOLDERS.sub("", text)
