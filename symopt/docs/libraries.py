"""What libraries install under the names of rules, and what it is: ``python -m symopt.docs.libraries FILE``.

Verdicts are computed; what is said about a difference stands in ``specs/originals/judgements.toml``, with the version
and the verdict that it was said of. Where either has changed, the page says so.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from symopt._paths import data_dir
from symopt.docs.coverage import keras_optimizers, optax_aliases, plain, table, torch_optimizers
from symopt.docs.verdict_cell import LONGEST, map_cell, reason_of, verdict_cell, without_folders
from symopt.errors import SymoptError
from symopt.files import write_text
from symopt.prove.verdict import Verdict
from symopt.targets.libraries import Claim, Library, bearing, claim, optimizer_classes

COMMAND = "python -m symopt.docs.libraries docs/libraries.md"
LIBRARIES = (
    Library("torch", "torch.optim", torch_optimizers),
    Library("optax", "optax", optax_aliases),
    Library("keras", "keras.optimizers", keras_optimizers),
    Library("timm", "timm.optim", partial(optimizer_classes, "timm.optim", "timm")),
    Library("pytorch_optimizer", "pytorch_optimizer",
            partial(optimizer_classes, "pytorch_optimizer", "pytorch_optimizer")),
)  # fmt: skip
KINDS = {"choice": "Choices", "defect": "What looks like a defect", "open": "Not settled"}
READING = (
    "Optimizers that bear the name of a rule of the catalogue, built with their defaults, numbers symbolic, against",
    "that rule, with whichever of its options come nearest. Hyper-parameters are matched by meaning. **equal** is a",
    "proof over the real numbers; **different** is shown by a run in exact arithmetic. A rule is one of several forms",
    "that are in use, so that a difference is no defect by itself: *it is* names the rule of another name that it is.",
    "`symopt compare` with the two names shows the formulas, the run and the lines of the source.",
    "",
)


@dataclass(frozen=True)
class Judgement:
    """What somebody who looked at a difference says about it: ``kind`` is a key of ``KINDS``."""

    optimizer: str
    version: str
    verdict: str
    kind: str
    reason: str

    def is_stale(self, version: str | None, verdict: str) -> bool:
        """Whether it was said of another version, or of another verdict."""
        return (self.version, self.verdict) != (version, verdict)


def judged() -> Mapping[str, Any]:
    """The data file, as it is written."""
    path = data_dir("specs") / "originals" / "judgements.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def judgements() -> dict[str, Judgement]:
    """Optimizer -> what is said about it."""
    return {entry["optimizer"]: Judgement(**entry) for entry in judged()["judgement"]}


def libraries(
    of: Callable[[str, str], Claim] = claim, chosen: Sequence[Library] = LIBRARIES, progress: Callable[[str], Any] = str
) -> str:
    """The page, as Markdown; ``of`` gives what is found of an optimizer and the rule whose name it bears."""
    lines = ["# Libraries", "", f"Written by `{COMMAND}`.", "", *READING]
    known = judgements()
    said: dict[str, list[str]] = {kind: [] for kind in KINDS}
    missing: list[str] = []
    for library in chosen:
        try:
            optimizers = library.optimizers() if library.version is not None else None
        except (SymoptError, ImportError):
            optimizers = None
        if optimizers is None:
            lines += [f"## {library.module}", "", "Not installed, and left out.", ""]
            continue
        claims = []
        for optimizer, rule in bearing(optimizers, judged()["alias"]):
            progress(optimizer)
            claims.append(of(optimizer, rule))
        lines += [*_section(library, len(optimizers), claims), ""]
        for one in claims:
            kind, text = _judged(one, library.version, known.get(one.optimizer))
            if text:
                (said[kind] if kind else missing).append(text)
    lines += ["## Differences", ""]
    for kind, title in KINDS.items():
        lines += [f"### {title}", "", *(said[kind] or ["None."]), ""]
    if missing:
        lines += ["### Not looked at", "", *missing, ""]
    return "\n".join(lines[:-1]) + "\n"


def _section(library: Library, count: int, claims: Sequence[Claim]) -> list[str]:
    equal = sum(word_of(one).startswith("equal") for one in claims)
    other = sum(word_of(one) != "equal" and one.other is not None for one in claims)
    return [
        f"## {library.module} {library.version}",
        "",
        f"{len(claims)} of {count} optimizers bear the name of a rule; {equal} are that rule, {other} are another one.",
        "",
        *table(("optimizer", "rule", "verdict", "map", "cause"), [_row(one) for one in claims]),
    ]


def _row(one: Claim) -> tuple[str, ...]:
    if one.verdict is None:
        return f"`{one.optimizer}`", f"`{one.rule}`", f"not lifted: {without_folders(one.reason)}", "", ""
    said = verdict_cell(one.verdict, is_map_given=False)
    said += f"; it is `{one.other.right}`{_under(one.other)}" if one.other is not None else ""
    return f"`{one.verdict.left}`", f"`{one.verdict.right}`", said, map_cell(one.verdict), plain(cause_of(one.verdict))


def _under(verdict: Verdict) -> str:
    """What the other rule needs to be the same."""
    short = [f"`{text}`" for text in verdict.conditions if len(text) <= LONGEST]
    maps = [map_cell(verdict)] if map_cell(verdict) else []
    return f" with {', '.join([*short, *maps])}" if short or maps else ""


def cause_of(verdict: Verdict) -> str:
    """Where the two part, in a sentence; why nothing is known, where nothing is."""
    if verdict.verdict == "unknown":
        return reason_of(verdict)
    return verdict.cause or "" if verdict.verdict in ("different", "equal-if") else ""


def word_of(one: Claim) -> str:
    """The verdict in a word, as a judgement names it."""
    if one.verdict is None:
        return "not lifted"
    said = verdict_cell(one.verdict)
    return "equal" if said.startswith("equal") and one.verdict.verdict == "different" else one.verdict.verdict


def _judged(one: Claim, version: str | None, judgement: Judgement | None) -> tuple[str, str]:
    """The kind of an entry and its line: no kind where nobody has looked, no line where nobody has to."""
    word = word_of(one)
    if judgement is None:
        return "", f"- `{one.optimizer}`: {word}" if word == "different" else ""
    line = f"- `{one.optimizer}` {judgement.version}, {judgement.verdict}: {plain(judgement.reason)}"
    stale = f" **Stale**: {version} is {word}; look again." if judgement.is_stale(version, word) else ""
    return judgement.kind, line + stale


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/libraries.md")
    write_text(path, libraries(progress=lambda name: print(name, file=sys.stderr, flush=True)))
