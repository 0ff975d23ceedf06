"""The recorder: runs a rule's ``update`` and keeps what it states, in order."""

from __future__ import annotations

import dis
import sys
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import Any

import sympy as sp

from symopt.errors import SpecError, SymoptError, nearest
from symopt.lang.declare import BUILT_IN, GRADIENT, NAME, PARAMETER, STEP, Hyper, State
from symopt.lang.rule import Declared, Rule, Schedule


@dataclass(frozen=True)
class Place:
    """A line of a rule's text, for messages and for the documentation."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Statement:
    """``symbol := value``; ``target`` is the name that the rule's author assigned."""

    target: str
    symbol: sp.Symbol
    value: sp.Basic
    place: Place


@dataclass(frozen=True)
class Query:
    """The gradient called ``name`` is asked for at ``point``."""

    name: str
    point: sp.Basic


@dataclass(frozen=True)
class Recording:
    """What a rule states under its options: declarations that exist, statements, gradients asked for.

    ``scheduled`` maps a hyper-parameter that follows a schedule to the statement that gives its
    value at step ``t``.
    """

    rule: Rule
    hypers: dict[str, Hyper]
    states: dict[str, State]
    statements: tuple[Statement, ...]
    queries: tuple[Query, ...]
    scheduled: dict[str, str]


def record(rule: Rule) -> Recording:
    """Run ``rule.update`` on a recorder.

    Raises
    ------
    SpecError: the text is not a rule; the message gives file and line, what is wrong, and the
        nearest name where a name is not known.
    """
    recorder = Recorder(rule)
    try:
        recorder._schedule()
        type(rule).update(recorder)  # type: ignore[arg-type]  # the recorder stands in for the rule
    except SymoptError:
        raise
    except Exception as error:  # the text of a rule is a user's code: any exception is a message about it
        last = traceback.extract_tb(error.__traceback__)
        spec = [frame for frame in last if frame.filename == type(rule).update.__code__.co_filename]
        place = f"{spec[-1].filename}:{spec[-1].lineno}: " if spec else ""
        hint = "; a condition on values is written where(condition, a, b)" if "truth value" in str(error) else ""
        raise SpecError(f"{place}{rule.name}: {type(error).__name__}: {error}{hint}") from error
    return recorder._finish()


class Recorder:
    """Stands in for a rule inside ``update``: reads give symbols, assignments record statements."""

    def __init__(self, rule: Rule) -> None:
        hypers = {name: item for name, item in rule.declared(Hyper).items() if rule.exists(item)}
        states = {name: item for name, item in rule.declared(State).items() if rule.exists(item)}
        inputs = {name: sp.Symbol(name) for name in (*hypers, *states, PARAMETER, STEP)}
        self.__dict__.update(
            _rule=rule, _hypers=hypers, _states=states, _current=inputs,
            _statements=[], _queries=[], _scheduled={},
        )  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        if name in self._current:
            return self._current[name]
        if name in self._rule.options:
            return self._rule.options[name]
        if name == GRADIENT:
            # The gradient is that of the parameter at the start of the step, wherever it is read.
            self._ask(GRADIENT, _Asked(sp.Symbol(PARAMETER)))
            return self._current[GRADIENT]
        raise SpecError(f"{_caller()}: {self._rule.name}: {self._why_unknown(name)}")

    def __setattr__(self, name: str, value: Any) -> None:
        place = _caller()
        where = f"{place}: {self._rule.name}: s.{name}"
        if not NAME.match(name):
            raise SpecError(f"{where} is not a name of letters and digits joined by single underscores")
        if name == STEP or name in self._hypers or name in self._rule.options:
            raise SpecError(f"{where} is fixed during a step and cannot be assigned")
        if name in self._rule.declarations and name not in self._states:
            raise SpecError(f"{where}: {self._why_unknown(name)}")
        if isinstance(value, _Asked):
            self._ask(name, value)
            return
        if name == GRADIENT:
            raise SpecError(f"{where} is the gradient; assign s.gradient(at=...) or another name")
        self._state(name, _expression(value, where), place)

    def gradient(self, at: Any) -> Any:
        """The gradient at the point ``at``; assign it to a name."""
        return _Asked(_expression(at, f"{_caller()}: {self._rule.name}: gradient(at=...)"))

    def _state(self, name: str, value: sp.Basic, place: Place) -> None:
        version = sum(statement.target == name for statement in self._statements) + 1
        symbol = sp.Symbol(f"{name}@{version}")
        self._statements.append(Statement(name, symbol, value, place))
        self._current[name] = symbol

    def _ask(self, name: str, asked: _Asked) -> None:
        if name in self._current:
            raise SpecError(f"{_caller()}: {self._rule.name}: s.{name} already has a value")
        self._queries.append(Query(name, asked.point))
        self._current[name] = sp.Symbol(name)

    def _schedule(self) -> None:
        """Record the value at step t of every hyper-parameter that follows a schedule."""
        for name, schedule in self._rule.settings.items():
            if not isinstance(schedule, Schedule):
                continue
            parts = {part: sp.Symbol(f"{name}_{part}") for part in schedule.declared(Hyper)}
            for part, hyper in schedule.declared(Hyper).items():
                self._hypers[f"{name}_{part}"] = _configured(hyper, schedule)
            view = _ScheduleView(schedule, {**parts, "base": self._current[name], STEP: self._current[STEP]})
            value = type(schedule).value(view)  # type: ignore[arg-type]  # the view stands in for the schedule
            code = type(schedule).value.__code__
            self._current.update({f"{name}_{part}": symbol for part, symbol in parts.items()})
            self._state(f"{name}_t", value, Place(code.co_filename, code.co_firstlineno))
            self._current[name] = self._current[f"{name}_t"]
            self._scheduled[name] = f"{name}_t"

    def _finish(self) -> Recording:
        assigned = {statement.target for statement in self._statements}
        for name in (PARAMETER, *self._states):
            if name not in assigned:
                what = "the parameter" if name == PARAMETER else "a state"
                raise SpecError(f"{self._rule.name}: s.{name} is {what} and is never assigned")
        return Recording(
            self._rule, self._hypers, self._states, tuple(self._statements), tuple(self._queries), self._scheduled
        )

    def _why_unknown(self, name: str) -> str:
        declaration = self._rule.declarations.get(name)
        if declaration is not None:
            return f"s.{name} exists only with {getattr(declaration, 'when', None)}=True"
        if name in _assigned_names(type(self._rule)):
            return f"s.{name} is read before it is assigned"
        known = [*self._current, GRADIENT, *self._rule.options, *_assigned_names(type(self._rule))]
        return f"nothing is named s.{name}; {nearest(name, known)}"


class _ScheduleView:
    """Stands in for a schedule inside ``value``."""

    def __init__(self, schedule: Schedule, symbols: dict[str, sp.Symbol]) -> None:
        self._schedule, self._symbols = schedule, symbols

    def __getattr__(self, name: str) -> Any:
        if name in self._symbols:
            return self._symbols[name]
        if name in self._schedule.options:
            return self._schedule.options[name]
        raise SpecError(
            f"{_caller()}: {self._schedule.name}: nothing is named s.{name}; {nearest(name, self._symbols)}"
        )


@dataclass(frozen=True)
class _Asked:
    """A gradient that was asked for and has no name yet."""

    point: sp.Basic


def _configured(hyper: Hyper, owner: Declared) -> Hyper:
    """The hyper-parameter with the value that its owner was built with as default."""
    return Hyper(owner.settings.get(hyper.name, hyper.default), hyper.tex, hyper.domain)


def _expression(value: Any, where: str) -> sp.Basic:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise SpecError(f"{where} is given {value!r}; an expression in the names of the rule is needed")
    try:
        return sp.sympify(value, strict=True)
    except sp.SympifyError:
        raise SpecError(
            f"{where} is given a {type(value).__name__}; an expression in the names of the rule is needed"
        ) from None


def _assigned_names(rule: type[Rule]) -> list[str]:
    """The names that ``update`` assigns anywhere in its text, in order."""
    stores = [step.argval for step in dis.get_instructions(rule.update) if step.opname == "STORE_ATTR"]
    return [name for name in dict.fromkeys(stores) if name not in BUILT_IN]


def _caller() -> Place:
    """The line of the rule's text that is being run: the first frame outside this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_globals.get("__name__", "").startswith("symopt.lang"):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame is not None else Place("?", 0)
