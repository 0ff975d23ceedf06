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
from symopt.lang.place import Place, last_place
from symopt.lang.rule import Declared, Rule, Schedule

Kind = TypeVar("Kind", bound=Declared)

# name, or file.py, or file.py:Class; then fixed values in brackets.
TARGET = re.compile(r"(?P<what>[^\[\]]+?)(\[(?P<fixed>.*)\])?\Z")
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


@cache
def rule(name: str) -> type[Rule]:
    """The rule called ``name``.

    Raises
    ------
    UsageError: there is none; the message offers the nearest names.
    """
    if name not in rule_names():
        other = "; optimizers of libraries and sources in C are not read yet" if "." in name else ""
        raise UsageError(f"no rule is called {name!r}; {nearest(name, rule_names())} (symopt list){other}")
    return _named(f"symopt.specs.{name}", name, Rule)


@cache
def schedule(name: str) -> type[Schedule]:
    """The schedule called ``name``; raises ``UsageError`` where there is none."""
    if name not in schedule_names():
        raise UsageError(f"no schedule is called {name!r}; {nearest(name, schedule_names())}")
    return _named(f"symopt.specs.schedules.{name}", name, Schedule)


def resolve(target: str) -> Rule:
    """The configured rule that a target names.

    A target is a rule's name, or ``file.py:Class`` (``:Class`` may be left out where the file holds
    one rule), with options, hyper-parameters and schedules fixed in brackets:
    ``adamw[amsgrad=True,lr=cosine]``.

    Raises
    ------
    UsageError: the target cannot be read or names nothing.
    SpecError: the file is not a rule.
    """
    match = TARGET.match(target.strip())
    if match is None:
        raise UsageError(f"{target!r} is no target; write a name, name[key=value,...] or file.py:Class")
    what, fixed = match["what"], _settings(target, match["fixed"] or "")
    path, _, name = what.partition(":")
    found = _from_file(Path(path), name) if path.endswith(".py") else rule(what)
    return found(**fixed)


def _settings(target: str, text: str) -> dict[str, Any]:
    """``lr=0.1,amsgrad=True,lr=cosine(decay=2)`` as keyword arguments, read as literals and never evaluated."""
    if len(text) > LONGEST:
        raise UsageError(f"{target[:40]!r}...: settings have at most {LONGEST} characters")
    try:
        call = ast.parse(f"f({text})", mode="eval").body
    except UNREADABLE:
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name) or call.args:
        raise UsageError(f"{target!r}: {SETTINGS}")
    return _keywords(target, call)


def _keywords(target: str, call: ast.Call) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for keyword in call.keywords:
        if keyword.arg is None:
            raise UsageError(f"{target!r}: {SETTINGS}")
        if keyword.arg in values:
            raise UsageError(f"{target!r}: {keyword.arg} is set twice")
        values[keyword.arg] = _setting(target, keyword.value)
    return values


def _setting(target: str, node: ast.expr) -> Any:
    if isinstance(node, ast.Name):
        return schedule(node.id)()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.args:
        return schedule(node.func.id)(**_keywords(target, node))
    try:
        return ast.literal_eval(node)
    except UNREADABLE:
        raise UsageError(f"{target!r}: {_text(node)} is neither a number nor True, False or a schedule") from None


def _text(node: ast.expr) -> str:
    try:
        return ast.unparse(node)
    except RecursionError:
        return "what is set"


def _from_file(path: Path, name: str) -> type[Rule]:
    # Unlike the path's own methods these do not raise for a name that is too long or a folder that may not be read.
    if not os.path.isfile(path):
        raise UsageError(f"{path} is a folder; a rule is a file" if os.path.isdir(path) else f"no file {path}")
    module = _import_file(path)
    rules = {cls.__name__: cls for cls in _members(module, Rule)}
    if not rules:
        raise SpecError(f"{path} defines no subclass of symopt.Rule")
    if not name and len(rules) == 1:
        return next(iter(rules.values()))
    if name not in rules:
        what = f"{path} defines no rule {name!r}" if name else f"{path} defines several rules; add one after a colon"
        raise UsageError(f"{what}; {nearest(name, rules)}")
    return rules[name]


def _import_file(path: Path) -> ModuleType:
    """The module of a file outside the catalogue; imports beside it work, errors name the file."""
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
