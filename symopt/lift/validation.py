"""Translation validation: every source that the backends generate is read back and proved to be its rule."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from symopt.backends.base import Variant, render_variants, variants_beside
from symopt.backends.registry import backend, backend_names
from symopt.catalogue import resolve, rule_names
from symopt.errors import MissingToolError, UnsupportedError
from symopt.lang.rule import Rule
from symopt.lift.c.validate import DIFFERENT, EQUAL, UNKNOWN, Validation, validate_source
from symopt.lift.generated.validate import validate_module

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Validated:
    """What became of every function of some sources; ``notes`` say what could not be read and why."""

    functions: tuple[Validation, ...]
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Validation, ...]:
        """The functions that are not proved to be their rule."""
        return tuple(found for found in self.functions if found.verdict != EQUAL)

    @property
    def exit_status(self) -> int:
        """0 where every function is proved, 1 where one is another function, 3 where one is undecided."""
        verdicts = {found.verdict for found in self.functions}
        return 1 if DIFFERENT in verdicts else 3 if UNKNOWN in verdicts else 0

    def text(self) -> str:
        """How many are proved, and what is not."""
        lines = [
            f"{found.function} ({found.dtype}) against {found.rule}: {found.verdict}: {found.reason}"
            for found in self.failed
        ]
        proved = len(self.functions) - len(self.failed)
        lines.append(f"translation validation: {proved} of {len(self.functions)} functions proved equal to their rule")
        return "\n".join([*lines, *self.notes])

    def to_json(self) -> dict[str, Any]:
        """The part of the document of ``symopt check --json``."""
        return {
            "functions": [
                {"rule": f.rule, "source": f.dtype, "function": f.function, "verdict": f.verdict, "scope": f.scope,
                 "reason": f.reason or None}
                for f in self.functions
            ],
            "notes": list(self.notes),
        }  # fmt: skip


def validate(rules: Sequence[Rule] | None = None, progress: Progress | None = None) -> Validated:
    """Read back what every backend generates for some rules, or for the whole catalogue.

    A configured rule is validated as it is; one without settings, in every variant.
    """
    chosen = list(rules) if rules else [resolve(name) for name in rule_names()]
    found: list[Validation] = []
    notes: dict[str, None] = {}
    for done, rule in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen), rule.title)
        try:
            variants = variants_beside(rule)
        except UnsupportedError as error:
            notes[f"no kernels: {error}"] = None
            continue
        for name in backend_names():
            try:
                found += _sources(name, variants)
            except (UnsupportedError, MissingToolError) as error:
                notes[f"{name}: {error}"] = None
    return Validated(tuple(found), tuple(notes))


def _sources(name: str, variants: Sequence[Variant]) -> Iterator[Validation]:
    """What a backend makes of the variants of a rule, function by function."""
    texts = render_variants(backend(name), variants)
    if name != "c":
        for text in texts.values():
            yield from validate_module(text, variants, name)
        return
    with tempfile.TemporaryDirectory() as folder:
        for path, text in texts.items():
            (Path(folder) / path).write_text(text, encoding="utf-8")
        (source,) = Path(folder).glob("*.c")
        yield from validate_source(source, variants)
