"""Real defects of optimizers as runnable verdicts: ``python -m symopt.docs.defects FILE``.

Each is a rule in ``specs/defects/``, which is compared with the rule that it was meant to be; what is said about
it is what ``symopt compare`` finds. ``specs/defects/defects.toml`` says which is which and where it was reported.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symopt._paths import data_dir
from symopt.catalogue import resolve, rule, rule_names
from symopt.docs.coverage import plain, table
from symopt.docs.describe import default_text
from symopt.errors import SpecError
from symopt.files import write_text
from symopt.ir.trace import Trace
from symopt.passes.tracing import trace
from symopt.prove.cause import cause
from symopt.prove.compare import compare
from symopt.prove.pair import make_pair
from symopt.prove.verdict import Verdict

COMMAND = "python -m symopt.docs.defects docs/defects.md"
FOLDER = "specs/defects"
# What is said must not depend on how fast a machine is.
TIME_LIMIT = 60.0
LONG_NUMBER = re.compile(r"(\d+\.\d{10})\d+")
WORDS = {"equal": "equal", "equal-if": "equal under a map or a condition", "different": "different"}


@dataclass(frozen=True)
class Case:
    """Two targets that are compared; ``varying`` are hyper-parameters that change from step to step."""

    left: str
    right: str
    reports: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """What to type to see the verdict."""
        quoted = [f'"{target}"' if "[" in target else target for target in (written(self.left), self.right)]
        return " ".join(["symopt compare", *quoted, *(f"--varying {name}" for name in self.varying)])

    @property
    def sides(self) -> tuple[Trace, Trace]:
        """The traces of both."""
        return trace(resolve(_target(self.left))), trace(resolve(_target(self.right)))

    def verdict(self) -> Verdict:
        """What the prover finds."""
        left, right = self.sides
        return compare(left, right, varying=self.varying, time_limit=TIME_LIMIT)


def written(target: str) -> str:
    """A target as on the command line: the name of a rule, or the path of a file beside the list."""
    return f"{FOLDER}/{target}.py" if _is_file(target) else target


def _is_file(target: str) -> bool:
    return target.isidentifier() and target not in rule_names()


def _target(target: str) -> str:
    return str(data_dir("specs") / "defects" / f"{target}.py") if _is_file(target) else target


def listed() -> Mapping[str, Any]:
    """The list, as it is written.

    Raises
    ------
    SpecError: a rule of the folder is not in the list, or the other way round.
    """
    folder = data_dir("specs") / "defects"
    said: Mapping[str, Any] = tomllib.loads((folder / "defects.toml").read_text(encoding="utf-8"))
    named = {entry["rule"] for kind in said["kind"] for entry in kind["defect"]}
    named |= {name for entry in said["question"] for pair in entry["pairs"] for name in pair if _is_file(name)}
    there = {path.stem for path in folder.glob("*.py")}
    if named != there:
        raise SpecError(f"{FOLDER}/defects.toml: {', '.join(sorted(named ^ there))} is a file or in the list, not both")
    return said


def cases() -> list[tuple[str, list[Case]]]:
    """The defects, by what they are about."""
    return [
        (kind["title"], [Case(one["rule"], one["of"], tuple(one["reports"])) for one in kind["defect"]])
        for kind in listed()["kind"]
    ]


def defects() -> str:
    """The page, as Markdown."""
    said = listed()
    lines = ["# Defects", "", f"Written by `{COMMAND}`.", "", *INTRODUCTION]
    for title, of_kind in cases():
        lines += [f"## {title}", ""]
        for case in of_kind:
            lines += _entry(case)
    lines += ["## Asked again and again", ""]
    for question in said["question"]:
        lines += _question(question)
    for entry in said["defaults"]:
        lines += [f"### {entry['title']}", "", *_reports(entry["reports"]), *_defaults(entry), ""]
    lines += ["## No matter of a rule", "", "What no rule states, so that no verdict finds it:", ""]
    lines += [f"- {one['what']}: {one['why']} ({', '.join(map(_link, one['reports']))})." for one in said["code"]]
    return "\n".join(lines) + "\n"


INTRODUCTION = (
    "Each entry is a defect that an optimizer once had, or was said to have, stated as a rule of its own and",
    "compared with the rule that it was meant to be. The left is the defect. Verdicts are about real numbers; a",
    "map gives hyper-parameters of the right in those of the left, and a witness is a run on which they differ.",
    "",
)


def _entry(case: Case) -> list[str]:
    rule_of = resolve(_target(case.left))
    doc = (rule_of.__doc__ or "").strip()
    return [f"### {rule_of.name}", "", doc, "", f"`{case.command}`", "", *_said(case), *_reports(case.reports)]


def _said(case: Case) -> list[str]:
    verdict = case.verdict()
    lines = [f"- **{WORDS.get(verdict.verdict, verdict.verdict)}**{_at(verdict)}", *_why(case, verdict)]
    lines += [f"- under `{name}` of `{case.right}` = `{value}`" for name, value in _map(verdict)]
    lines += [f"- condition: {condition}" for condition in verdict.conditions]
    lines += [f"- states of the right: {', '.join(f'`{n} = {v}`' for n, v in _states(verdict))}"] * bool(
        _states(verdict)
    )
    lines += [f"- {'; '.join(line.strip() for line in _witness(verdict))}"] if verdict.witness else []
    return [*lines, ""]


def _at(verdict: Verdict) -> str:
    if verdict.verdict != "different":
        return ""
    return f", from step {verdict.first_step} on"


def _why(case: Case, verdict: Verdict) -> Iterator[str]:
    if verdict.witness is None:
        yield from [f"- {verdict.reason}"] if verdict.reason else []
        return
    yield f"- {plain(verdict.cause or cause(make_pair(*case.sides, case.varying)))}"


def _map(verdict: Verdict) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (verdict.hyper_map or {}).items() if name != value]


def _states(verdict: Verdict) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (verdict.state_map or {}).items() if name != value]


def _witness(verdict: Verdict) -> list[str]:
    """The lines of the verdict's text that tell the run."""
    lines = verdict.text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("witness"))
    end = next(i for i, line in enumerate(lines) if line.startswith("  step ") and i > start)
    return [LONG_NUMBER.sub(r"\1...", line) for line in lines[start + 1 : end + 1]]


def _question(question: Mapping[str, Any]) -> list[str]:
    varying = tuple(question.get("varying", ()))
    pairs = [Case(left, right, varying=varying) for left, right in question["pairs"]]
    lines = [f"### {question['title']}", ""]
    for case in pairs:
        lines += [f"`{case.command}`", "", *_said(case)]
    return [*lines, *_reports(question["reports"])]


def _defaults(entry: Mapping[str, Any]) -> list[str]:
    rows = []
    for name in entry["rules"]:
        own = {hyper.name: default_text(hyper.default) for hyper in trace(rule(name)()).hypers}
        rows.append((f"`{name}`", *(own.get(hyper, "") for hyper in entry["names"])))
    return table(("rule", *(f"`{name}`" for name in entry["names"])), rows)


def _reports(reports: Sequence[str]) -> list[str]:
    return [f"Reported: {', '.join(map(_link, reports))}.", ""] if reports else []


def _link(report: str) -> str:
    """A report of GitHub as a link; it leads pull requests on to their own pages."""
    project, _, number = report.partition("#")
    return f"[{report}](https://github.com/{project}/issues/{number})"


if __name__ == "__main__":
    write_text(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/defects.md"), defects())
