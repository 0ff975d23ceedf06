"""Generation: the kernels of rules as files, written whole or not at all, and checked byte by byte."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from symopt._paths import PACKAGE, data_dir
from symopt.backends.base import DTYPES, render_variants, variants_of
from symopt.backends.registry import backend, backend_names
from symopt.catalogue import resolve, rule_names
from symopt.errors import UnsupportedError, UsageError, nearest
from symopt.lang.rule import Rule
from symopt.manifest import MANIFEST, Problem, Report, compare, manifest_text, orphans, read_manifest, write_all

# What the command line calls the element types.
SHORT = {"f32": "float32", "f64": "float64"}
Progress = Callable[[int, int, str], None]


def generate(
    rules: Sequence[Rule | str] | None = None,
    backends: Sequence[str] | None = None,
    dtypes: Sequence[str] | None = None,
    out: Path | str | None = None,
    check: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Write the kernels of some rules, with every combination of their options.

    Parameters
    ----------
    rules: rules or targets that name them; the whole catalogue where there are none.
    backends: names of backends; all where there are none.
    dtypes: ``float32`` and ``float64`` (or ``f32``, ``f64``); both where there are none.
    out: the folder to write to; ``generated/`` where there is none.
    check: write nothing, and report each file that is not what would be written.
    progress: called before each rule with the number of rules done, their number, and the rule's name.

    Raises
    ------
    UsageError: an unknown backend or type, a rule with something fixed, or a folder that cannot be
        written; nothing is written then.
    """
    whole = not rules
    classes = [_rule_class(rule) for rule in rules] if rules else [type(resolve(name)) for name in rule_names()]
    names = list(dict.fromkeys(backends or backend_names()))
    targets = [backend(name) for name in names]
    folder = _folder(out, classes)
    files: dict[str, str] = {}
    skipped: list[str] = []
    for done, cls in enumerate(classes):
        if progress is not None:
            progress(done, len(classes), cls.name)
        try:
            variants = variants_of(cls, _dtypes(dtypes))
        except UnsupportedError as error:
            if not whole:
                raise
            skipped.append(str(error))
            continue
        for target in targets:
            made = render_variants(target, variants, _command_name(cls))
            files.update({f"{target.name}/{path}": text for path, text in made.items()})
    return _finish(folder, files, names if whole else [], tuple(skipped), out is not None, check)


def _finish(
    folder: Path, files: dict[str, str], whole: list[str], skipped: tuple[str, ...], elsewhere: bool, check: bool
) -> Report:
    """Compare or write ``files``; ``whole`` names the backends whose folders must hold nothing else."""
    listed = read_manifest(folder)
    extra = orphans(folder, whole, files)
    kept = {path: digest for path, digest in listed.items() if path not in files and path.split("/")[0] not in whole}
    wanted = files | {MANIFEST: manifest_text(files, kept)}
    option = f" --out {folder}" if elsewhere else ""
    problems = [*compare(folder, wanted, listed, option), *(Problem(p, "orphan", f"rm {folder / p}") for p in extra)]
    if check:
        return Report(str(folder), tuple(sorted(files)), (), tuple(problems), skipped)
    # Only what this program wrote is removed: a file that the manifest lists.
    stale = [path for path in extra if path in listed]
    changed = {problem.path: wanted[problem.path] for problem in problems if problem.path in wanted}
    write_all(folder, changed, stale)
    left = tuple(problem for problem in problems if problem.kind == "orphan" and problem.path not in stale)
    return Report(str(folder), tuple(sorted(files)), tuple(sorted([*changed, *stale])), left, skipped)


def _rule_class(rule: Rule | str) -> type[Rule]:
    configured = resolve(rule) if isinstance(rule, str) else rule
    if configured.settings:
        raise UsageError(
            f"{configured.title}: kernels are made for every option and take hyper-parameters as arguments; "
            f"write {configured.name}"
        )
    return type(configured)


def _dtypes(names: Sequence[str] | None) -> tuple[str, ...]:
    if not names:
        return DTYPES
    known = {**SHORT, **{name: name for name in DTYPES}}
    for name in names:
        if name not in known:
            raise UsageError(f"no element type is called {name!r}; {nearest(name, known)}")
    chosen = {known[name] for name in names}
    return tuple(dtype for dtype in DTYPES if dtype in chosen)


def _folder(out: Path | str | None, classes: Sequence[type[Rule]]) -> Path:
    if out is not None:
        return Path(out)
    foreign = [cls for cls in classes if not _is_catalogued(cls)]
    if foreign:
        raise UsageError(f"{foreign[0].name} is no rule of the catalogue; say with --out DIR where its kernels go")
    checkout = PACKAGE.parent
    return checkout / "generated" if (checkout / "pyproject.toml").is_file() else data_dir("generated")


def _is_catalogued(cls: type[Rule]) -> bool:
    return cls.__module__.startswith("symopt.specs.")


def _command_name(cls: type[Rule]) -> str:
    """How the command line names a rule: by its name, or by the file that holds it."""
    if _is_catalogued(cls):
        return cls.name
    return f"{Path(sys.modules[cls.__module__].__file__ or cls.name).name}:{cls.__name__}"
