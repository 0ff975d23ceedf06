"""Generation: the kernels of rules as files, written whole or not at all, and checked byte by byte."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from symopt._paths import PACKAGE, data_dir
from symopt.backends.base import DTYPES, variants_of
from symopt.backends.registry import backend, backend_names
from symopt.catalogue import resolve, rule_names
from symopt.classes import NOTHING, Made, Traits, by_class, made, reason, refusal_table, traits_of
from symopt.errors import UnsupportedError, UsageError, nearest
from symopt.lang.rule import Rule
from symopt.manifest import MANIFEST, Problem, Report, compare, manifest_text, orphans, read_manifest, write_all
from symopt.passes.tracing import trace

# What the command line calls the element types.
SHORT = {"f32": "float32", "f64": "float64"}
# What a shell takes as one word.
TYPED = re.compile(r"[\w./:-]+")
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
    UnsupportedError: no kernel can be made of any of the rules that were asked for; the message says why.
    """
    whole = not rules
    classes = [_rule_class(rule) for rule in rules] if rules else [type(resolve(name)) for name in rule_names()]
    names = list(dict.fromkeys(backends or backend_names()))
    for name in names:
        backend(name)
    folder, types = _folder(out, classes), _dtypes(dtypes)
    files: dict[str, str] = {}
    found: list[tuple[str, Traits, Made]] = []
    for done, cls in enumerate(classes):
        if progress is not None:
            progress(done, len(classes), cls.name)
        for result in _made(cls, names, types):
            found.append((cls.name, traits_of(trace(cls)) if result.lacks else (), result))
            files.update({f"{result.backend}/{path}": text for path, text in result.files.items()})
    refusals = by_class(found)
    if not files:
        raise UnsupportedError(f"{found[0][0]}: {found[0][2].why}")
    return _finish(folder, files, names if whole else [], tuple(refusal_table(refusals)), out is not None, check)


def _made(cls: type[Rule], names: Sequence[str], dtypes: tuple[str, ...]) -> list[Made]:
    """What each backend makes of a rule."""
    try:
        variants = variants_of(cls, dtypes)
    except UnsupportedError as error:
        return [Made(name, {}, NOTHING, reason(error)) for name in names]
    return [made(name, variants, _command_name(cls)) for name in names]


def _finish(
    folder: Path, files: dict[str, str], whole: list[str], refused: tuple[str, ...], elsewhere: bool, check: bool
) -> Report:
    """Compare or write ``files``; ``whole`` names the backends whose folders must hold nothing else."""
    listed = read_manifest(folder)
    extra = orphans(folder, whole, files)
    kept = {path: digest for path, digest in listed.items() if path not in files and path.split("/")[0] not in whole}
    wanted = files | {MANIFEST: manifest_text(files, kept)}
    option = f" --out {folder}" if elsewhere else ""
    problems = [*compare(folder, wanted, listed, option), *(Problem(p, "orphan", f"rm {folder / p}") for p in extra)]
    if check:
        return Report(str(folder), tuple(sorted(files)), (), tuple(problems), refused)
    # Only what this program wrote is removed: a file that the manifest lists.
    stale = [path for path in extra if path in listed]
    changed = {problem.path: wanted[problem.path] for problem in problems if problem.path in wanted}
    write_all(folder, changed, stale)
    left = tuple(problem for problem in problems if problem.kind == "orphan" and problem.path not in stale)
    return Report(str(folder), tuple(sorted(files)), tuple(sorted([*changed, *stale])), left, refused)


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
    """Whether the catalogue has the rule itself, not one that was made from it."""
    return cls.__module__.startswith("symopt.specs.") and not cls.head


def _command_name(cls: type[Rule]) -> str:
    """How a rule is named on a shell's command line: its name, how it is composed, or the file that holds it."""
    target = _target(cls)
    return target if TYPED.fullmatch(target) else shlex.quote(target)


def _target(cls: type[Rule]) -> str:
    if cls.head:
        return f"{cls.head}[{','.join(cls.target)}]" if cls.target else cls.head
    if _is_catalogued(cls):
        return cls.name
    return f"{Path(sys.modules[cls.__module__].__file__ or cls.name).name}:{cls.__name__}"
