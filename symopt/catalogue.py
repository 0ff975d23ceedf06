"""The rules and schedules by name, and the targets of the command line that name rules."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import os
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from symopt._paths import data_dir
from symopt.errors import SpecError, SymoptError, UsageError, nearest
from symopt.lang.compose import Part, chain
from symopt.lang.declare import Inner
from symopt.lang.place import Place, last_place
from symopt.lang.rule import Declared, Rule, Schedule

Kind = TypeVar("Kind", bound=Declared)

# name, or file.py, or file.py:Class; then fixed values in brackets.
TARGET = re.compile(r"(?P<what>chain\(.*\)|[^\[\]]+?)(\[(?P<fixed>.*)\])?\Z")
CHAIN = re.compile(r"chain\((?P<parts>.*)\)\Z")
SETTINGS = "in brackets stand settings as in [lr=0.1,amsgrad=True]"
LONGEST = 1000
# What Python's parser and its reader of literals raise for text that is none, or is nested too deeply.
UNREADABLE = (SyntaxError, ValueError, TypeError, RecursionError, MemoryError)


def rule_names() -> list[str]:
    """The names of the catalogue's rules, sorted. Reads the folder, runs nothing."""
    return sorted(path.stem for path in data_dir("specs").glob("*.py"))


def schedule_names() -> list[str]:
    """The names of the catalogue's schedules, sorted."""
    return sorted(path.stem for path in (data_dir("specs") / "schedules").glob("*.py"))


def part_names() -> list[str]:
    """The names of the catalogue's parts of chains, sorted."""
    return sorted(path.stem for path in (data_dir("specs") / "parts").glob("*.py"))


@cache
def rule(name: str) -> type[Rule]:
    """The rule called ``name``.

    Raises
    ------
    UsageError: there is none; the message offers the nearest names.
    """
    if name not in rule_names():
        raise UsageError(f"no rule is called {name!r}; {nearest(name, rule_names())} (symopt list)")
    return _named(f"symopt.specs.{name}", name, Rule)


@cache
def schedule(name: str) -> type[Schedule]:
    """The schedule called ``name``; raises ``UsageError`` where there is none."""
    if name not in schedule_names():
        raise UsageError(f"no schedule is called {name!r}; {nearest(name, schedule_names())}")
    return _named(f"symopt.specs.schedules.{name}", name, Schedule)


@cache
def part(name: str) -> type[Part]:
    """The part of a chain called ``name``; raises ``UsageError`` where there is none."""
    if name not in part_names():
        raise UsageError(f"no part is called {name!r}; {nearest(name, part_names())}")
    return _named(f"symopt.specs.parts.{name}", name, Part)


def resolve(target: str) -> Rule:
    """The configured rule that a target names.

    A target is a rule's name, or ``file.py:Class`` (``:Class`` may be left out where the file holds
    one rule), or a chain of parts, ``chain(adam_direction(nesterov=True),trust_ratio)``, whose last may
    be a rule; with options, hyper-parameters, schedules and inner rules fixed in brackets:
    ``adamw[amsgrad=True,lr=cosine]``, ``lookahead[base=adamw]``.

    Raises
    ------
    UsageError: the target cannot be read or names nothing.
    SpecError: the file is not a rule.
    """
    match = TARGET.match(target.strip())
    if match is None:
        raise UsageError(f"{target!r} is no target; write a name, name[key=value,...] or file.py:Class")
    found = _rule_class(target, match["what"])
    return _configured(found, _settings(target, match["fixed"] or "", found))


def _rule_class(target: str, what: str) -> type[Rule]:
    composed = CHAIN.match(what)
    if composed is not None:
        return _chain(target, _call(target, composed["parts"]))
    path, _, name = what.partition(":")
    return _from_file(Path(path), name) if path.endswith(".py") else rule(what)


def _configured(found: type[Rule], fixed: dict[str, Any]) -> Rule:
    """The rule with its settings, inner rules among them; a text stands for the rule of a file."""
    inner = {name: value for name, value in fixed.items() if name in found.declared(Inner)}
    rules = {name: resolve(value) if isinstance(value, str) else value for name, value in inner.items()}
    for name, value in rules.items():
        if not isinstance(value, Rule):
            raise UsageError(f"{found.name}: {name} = {value}; an inner rule is a rule")
    cls = found.over(**rules) if rules else found
    _check_whose(cls, fixed)
    return cls(**{name: value for name, value in fixed.items() if name not in inner})


def _check_whose(found: type[Rule], fixed: dict[str, Any]) -> None:
    """Say where a setting is written that belongs to a rule or part inside."""
    for name in (name for name in fixed if name not in found.declarations):
        for item in found.declared(Inner).values():
            inner: Declared = item.default() if isinstance(item.default, type) else item.default
            if name in inner.declarations:
                where = f"in {inner.name}({name}=...), which is inside it"
                raise UsageError(f"{found.name} has no {name}; it is set {where}")


def _chain(target: str, call: ast.Call) -> type[Rule]:
    """The rule that the arguments of a call make as a chain."""
    if call.keywords:
        raise UsageError(f"{target!r}: a chain has parts; its settings stand behind it")
    return chain(*(_element(target, node) for node in call.args))


def _inner_chain(target: str, node: ast.expr) -> Rule | None:
    """A chain inside a target, ``chain(parts)``, with settings ``chain(parts)(lr=0.1)``; None for anything else."""
    has_settings = isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and not node.args
    call = node.func if isinstance(node, ast.Call) and has_settings else node
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "chain"):
        return None
    settings = _keywords(target, node) if isinstance(node, ast.Call) and has_settings else {}
    return _configured(_chain(target, call), settings)


def _element(target: str, node: ast.expr) -> Rule | Part:
    """A part or rule of a chain: a name, or a name with settings in parentheses, or the text of a file's name."""
    composed = _inner_chain(target, node)
    if composed is not None:
        return composed
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return _from_text(node.value)
    called = node if isinstance(node, ast.Call) and not node.args else None
    name = called.func if called is not None else node
    if not isinstance(name, ast.Name):
        raise UsageError(f"{target!r}: {_text(node)} is no part; parts are written name or name(key=value)")
    if name.id in part_names():
        return part(name.id)(**_keywords(target, called))
    if name.id in rule_names():
        return _configured(rule(name.id), _keywords(target, called, rule(name.id)))
    raise UsageError(f"no part or rule is called {name.id!r}; {nearest(name.id, [*part_names(), *rule_names()])}")


def _from_text(text: str) -> Rule | Part:
    """A rule by its target, or a part of a file: ``"mine.py:Halve[by=3]"``."""
    match = TARGET.match(text.strip())
    path, _, name = match["what"].partition(":") if match is not None else ("", "", "")
    if match is None or not path.endswith(".py"):
        return resolve(text)
    found = _from_file(Path(path), name, (Rule, Part))
    settings = _settings(text, match["fixed"] or "", found)
    return found(**settings) if issubclass(found, Part) else _configured(found, settings)


def _settings(target: str, text: str, of: type[Declared]) -> dict[str, Any]:
    """``lr=0.1,amsgrad=True,lr=cosine(decay=2)`` as keyword arguments, read as literals and never evaluated."""
    call = _call(target, text)
    if call.args:
        raise UsageError(f"{target!r}: {SETTINGS}")
    return _keywords(target, call, of)


def keywords_of(target: str, text: str) -> list[ast.keyword]:
    """The settings in a target's brackets, each once.

    Raises
    ------
    UsageError: they are no settings.
    """
    call = _call(target, text)
    names = [keyword.arg for keyword in call.keywords]
    if call.args or None in names:
        raise UsageError(f"{target!r}: {SETTINGS}")
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"{target!r}: {twice} is set twice")
    return call.keywords


def _call(target: str, text: str) -> ast.Call:
    """Settings, or the parts of a chain, as the arguments of a call."""
    if len(text) > LONGEST:
        raise UsageError(f"{target[:40]!r}...: settings have at most {LONGEST} characters")
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except UNREADABLE:
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise UsageError(f"{target!r}: {SETTINGS}")
    return call


def _keywords(target: str, call: ast.Call | None, of: type[Declared] = Declared) -> dict[str, Any]:
    """The keyword arguments of a call as values; those that are inner rules of ``of`` must be rules."""
    rules = of.declared(Inner) if issubclass(of, Rule) else {}
    values: dict[str, Any] = {}
    for keyword in call.keywords if call is not None else []:
        if keyword.arg is None:
            raise UsageError(f"{target!r}: {SETTINGS}")
        if keyword.arg in values:
            raise UsageError(f"{target!r}: {keyword.arg} is set twice")
        values[keyword.arg] = _setting(target, keyword.value, keyword.arg in rules)
    return values


def _setting(target: str, node: ast.expr, is_rule: bool) -> Any:
    """A number, a choice, a schedule, or an inner rule, each of the latter with settings in parentheses."""
    composed = _inner_chain(target, node)
    if composed is not None:
        return composed
    call = node if isinstance(node, ast.Call) and not node.args else None
    called = node if call is None else call.func
    if isinstance(called, ast.Name):
        if called.id in part_names():
            raise UsageError(f"{called.id} is a part; a rule that is made of parts is written chain({called.id},...)")
        if is_rule or called.id in rule_names():
            return _configured(rule(called.id), _keywords(target, call, rule(called.id)))
        return schedule(called.id)(**_keywords(target, call))
    try:
        return ast.literal_eval(node)
    except UNREADABLE:
        raise UsageError(f"{target!r}: {_text(node)} is neither a number nor True, False or a schedule") from None


def _text(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "what is set"


def _from_file(path: Path, name: str, kinds: tuple[type[Declared], ...] = (Rule,)) -> type[Any]:
    module = import_file(path)
    found = {cls.__name__: cls for kind in kinds for cls in _members(module, kind)}
    what = " or ".join(kind.__name__.lower() for kind in kinds)
    if not found:
        raise SpecError(f"{path} defines no subclass of symopt.{' or symopt.'.join(kind.__name__ for kind in kinds)}")
    if not name and len(found) == 1:
        return next(iter(found.values()))
    if name not in found:
        several = f"{path} defines several {' or '.join(kind.__name__.lower() + 's' for kind in kinds)}"
        said = f"{path} defines no {what} {name!r}" if name else f"{several}; add one after a colon"
        raise UsageError(f"{said}; {nearest(name, found)}")
    return found[name]


def import_file(path: Path) -> ModuleType:
    """The module of a file outside the catalogue, run; imports beside it work, errors name the file.

    Raises
    ------
    UsageError: there is no such file.
    SpecError: it cannot be imported, or raises.
    """
    # Unlike the path's own methods these do not raise for a name that is too long or a folder that may not be read.
    if not os.path.isfile(path) and path.parts[:1] == ("specs",):  # our own, wherever they are installed
        path = data_dir("specs").joinpath(*path.parts[1:])
    if not os.path.isfile(path):
        raise UsageError(f"{path} is a folder; a target is a file" if os.path.isdir(path) else f"no file {path}")
    spec = importlib.util.spec_from_file_location(f"symopt_user_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise SpecError(f"{path} cannot be imported as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except SymoptError:
        raise
    except (Exception, SystemExit) as error:  # the file is a user's code: any exception is a message about it
        place = last_place(error, Place(spec.origin or str(path), 1))
        said = error.msg if isinstance(error, SyntaxError) else error
        raise SpecError(f"{place}: {type(error).__name__}: {said}") from error
    finally:
        sys.path.pop(0)
    return module


def _named(module: str, name: str, kind: type[Kind]) -> type[Kind]:
    members = _members(importlib.import_module(module), kind)
    for cls in members:
        if cls.name == name:
            return cls
    raise SpecError(f"{module.replace('.', '/')}.py defines no {kind.__name__} with the name {name!r}")


def _members(module: ModuleType, kind: type[Kind]) -> list[type[Kind]]:
    """The classes of a kind that a module itself defines."""
    classes = [item for item in vars(module).values() if isinstance(item, type) and issubclass(item, kind)]
    return [cls for cls in classes if cls.__module__ == module.__name__]
