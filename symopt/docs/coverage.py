"""What is covered: optimizers of frameworks, and kernels of every rule: ``python -m symopt.docs.coverage FILE``.

The lists of optimizers are those of the installed frameworks, the rules that state them those of
``specs/originals/``, classes are computed, and what a backend does not make is asked of the backend.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from symopt._paths import data_dir
from symopt.backends.base import variants_of
from symopt.backends.registry import backend_names
from symopt.catalogue import rule, rule_names
from symopt.classes import Made, Trait, Traits, by_class, letters, made, traits_of, words
from symopt.docs.verdict_cell import stated_cell
from symopt.files import write_text
from symopt.lang.declare import Inner
from symopt.passes.tracing import trace
from symopt.run.frameworks import framework
from symopt.run.originals import Original, originals
from symopt.targets.stated import stated, target_of

COMMAND = "python -m symopt.docs.coverage docs/coverage.md"


@dataclass(frozen=True)
class Covered:
    """An optimizer of a framework: the rules that state it, how many forms are compared, or why there are none."""

    implementation: str
    rules: tuple[str, ...]
    forms: int
    reason: str = ""


def torch_optimizers() -> list[str]:
    """The optimizers of torch.optim."""
    module = framework("torch.optim")
    found = [name for name in module.__all__ if inspect.isclass(getattr(module, name))]
    return [f"torch.optim.{name}" for name in found if getattr(module, name) is not module.Optimizer]


def optax_aliases() -> list[str]:
    """The optimizers of optax: the functions of its module of aliases that it makes public."""
    public, module = framework("optax"), framework("optax._src.alias")
    own = [
        name
        for name, item in vars(module).items()
        if getattr(public, name, None) is item
        and (isinstance(item, functools.partial) or getattr(item, "__module__", "") == module.__name__)
    ]
    return [f"optax.{name}" for name in own if callable(getattr(public, name))]


def keras_optimizers() -> list[str]:
    """The optimizers of keras.optimizers, without those that are made from others."""
    module = framework("keras").optimizers
    found = []
    for name, item in vars(module).items():
        if inspect.isclass(item) and issubclass(item, module.Optimizer) and item is not module.Optimizer:
            first = next(iter(inspect.signature(item).parameters))
            found += [] if "optimizer" in first else [f"keras.optimizers.{name}"]
    return found


FRAMEWORKS: Mapping[str, tuple[str, Callable[[], list[str]]]] = {
    "torch.optim": ("torch", torch_optimizers),
    "the aliases of optax": ("optax", optax_aliases),
    "keras.optimizers": ("keras", keras_optimizers),
}


def covered(implementations: Iterable[str]) -> list[Covered]:
    """What states each of some optimizers, in alphabetical order.

    A rule that names an optimizer as its source states it too, though nothing can be compared where
    numbers are random.
    """
    reasons = _left_out()
    found = []
    for path in sorted(implementations, key=str.lower):
        entries = [entry for entry in originals() if entry.implementation == path]
        names = dict.fromkeys(entry.resolved.name for entry in entries)
        if not names:
            mention = re.compile(rf"(?<![\w.]){re.escape(path)}(?![\w.]\w)")
            names = dict.fromkeys(name for name in rule_names() if mention.search(rule(name).source))
        found.append(Covered(path, tuple(names), len(entries), reasons.get(path, "")))
    return found


def coverage(verdict: Callable[[Original], str] = lambda original: stated_cell(stated(original))) -> str:
    """The page, as Markdown; ``verdict`` says what is proved of an entry of ``specs/originals``.

    Raises
    ------
    MissingToolError: a framework is not installed.
    """
    lines = ["# Coverage", "", f"Written by `{COMMAND}`.", "", "## Frameworks", "", *READING]
    for title, (package, names) in FRAMEWORKS.items():
        lines += _framework(title, version(package).partition("+")[0], covered(names()), verdict)
    return "\n".join([*lines, *_kernels()]) + "\n"


READING = (
    "Every line is one choice of arguments, as `symopt compare` takes it: `free` is an argument that stays symbolic",
    "though its default is no number. The code of the framework is lifted and compared with the rule that states it,",
    "under the map of hyper-parameters that `specs/originals/` gives; **equal** is a proof over the real numbers, for",
    "all values of hyper-parameters, all gradients and all steps, and for all shapes where none is named. Each is also",
    "run over many steps against the framework by `tests/specs/test_originals.py`.",
    "",
)


def _framework(
    title: str, number: str, found: Sequence[Covered], verdict: Callable[[Original], str]
) -> list[str]:  # fmt: skip
    stating = [one for one in found if one.rules]
    rows = [row for one in stating for row in _forms(one, verdict)]
    rows += [(f"`{one.implementation}`", "left out", one.reason) for one in found if not one.rules]
    return [
        f"### {title} {number}: {len(stating)} of {len(found)}",
        "",
        *table(("optimizer", "rule", "verdict"), rows),
        "",
    ]


def _forms(one: Covered, verdict: Callable[[Original], str]) -> list[tuple[str, str, str]]:
    entries = [entry for entry in originals() if entry.implementation == one.implementation]
    if entries:
        return [(f"`{target_of(entry)}`", f"`{entry.rule}`", verdict(entry)) for entry in entries]
    random = any(Trait.RANDOM in traits_of(trace(rule(name))) for name in one.rules)
    said = (
        "not compared: every library has random numbers of its own" if random else "not compared: its source names it"
    )
    return [(f"`{one.implementation}`", ", ".join(f"`{name}`" for name in one.rules), said)]


def _kernels() -> list[str]:
    """Classes, rules, and what is not made."""
    classes: dict[str, Traits] = {}
    found: list[tuple[str, Traits, Made]] = []
    for name in rule_names():
        variants = variants_of(rule(name))
        classes[name] = traits_of(variants[0].trace)
        found += [(name, classes[name], made(backend, variants)) for backend in backend_names()]
    counts = {trait: sum(trait in traits for traits in classes.values()) for trait in Trait}
    lines = ["## Classes", "", "What a rule looks at to update an element; a rule may have several of these.", ""]
    rows = [(trait.value, trait.words, trait.meaning, str(counts[trait])) for trait in Trait]
    lines += [*table(("", "class", "meaning", "rules"), rows), "", "## Rules", ""]
    lines += ["Kernels are functions in every backend, and in PyTorch a `torch.optim.Optimizer` too.", ""]
    cells = {(name, result.backend): _cell(result) for name, _, result in found}
    titles = ("rule", "class", "", *backend_names())
    lines += table(titles, [_rule_row(name, traits, cells) for name, traits in classes.items()])
    lines += ["", "## Not made", ""]
    refused = [(words(r.traits), r.backend, r.lacks, str(len(r.rules)), r.why) for r in by_class(found)]
    if not refused:
        return [*lines, "Every backend makes everything for every class."]
    return [*lines, *table(("class", "backend", "not made", "rules", "why"), refused)]


def _rule_row(name: str, traits: Traits, cells: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    wraps = ", wrapper" if rule(name).declared(Inner) else ""
    return (f"`{name}`", words(traits) + wraps, letters(traits), *(cells[name, backend] for backend in backend_names()))


def _cell(result: Made) -> str:
    if not result.lacks:
        return "yes"
    return f"without {result.lacks}" if result.files else "no"


def plain(text: str) -> str:
    """Text in which Markdown finds nothing to dress: of ``a*b*c`` it would make italics."""
    return re.sub(r"([*<])", r"\\\1", text)


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return ["| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines]


def _left_out() -> dict[str, str]:
    """Implementation -> why no rule states it."""
    files = sorted((data_dir("specs") / "originals").glob("*.toml"))
    entries: list[Mapping[str, Any]] = []
    for path in files:
        entries += tomllib.loads(path.read_text(encoding="utf-8")).get("left_out", [])
    return {entry["implementation"]: entry["reason"] for entry in entries}


if __name__ == "__main__":
    write_text(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/coverage.md"), coverage())
