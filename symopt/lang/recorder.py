"""The recorder: runs a rule's ``update`` and keeps what it states, in order."""

from __future__ import annotations

import dis
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isfunction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from symopt.errors import SpecError, SymoptError, nearest
from symopt.lang.declare import BUILT_IN, C_KEYWORDS, GRADIENT, PARAMETER, STEP, Hyper, State, check_name
from symopt.lang.place import Place, caller, last_place
from symopt.lang.rule import Declared, Rule, Schedule

# What Python says of frequent mistakes in a rule's text -> what to write instead.
HINTS: Mapping[str, str] = {
    "truth value": "a condition on values is written where(condition, a, b), the larger value maximum(a, b)",
    "ufunc": "use the functions of symopt.lang",
    "expression to float": "use the functions of symopt.lang",
}


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
    update = type(rule).update
    if update is Rule.update or not isfunction(update):
        raise SpecError(f"{rule.name}: {type(rule).__name__} has no method update(s)")
    recorder = Recorder(rule)
    try:
        recorder._schedule()
        update(recorder)  # the recorder stands in for the rule
    except SymoptError:
        raise
    except (Exception, SystemExit) as error:  # the text of a rule is a user's code: any exception is a message about it
        hints = [f"; {hint}" for said, hint in HINTS.items() if said in str(error)]
        message = f"{rule.name}: {type(error).__name__}: {error}{''.join(hints[:1])}"
        raise SpecError(f"{last_place(error, _place_of(update))}: {message}") from error
    return recorder._finish(_place_of(update))


class Recorder:
    """Stands in for a rule inside ``update``: reads give symbols, assignments record statements."""

    def __init__(self, rule: Rule) -> None:
        hypers = {name: item for name, item in rule.declared(Hyper).items() if rule.exists(item)}
        states = {name: item for name, item in rule.declared(State).items() if rule.exists(item)}
        inputs = {name: sp.Symbol(name) for name in (*hypers, *states, PARAMETER, STEP)}
        self.__dict__.update(
            _rule=rule, _hypers=hypers, _states=states, _symbols=set(inputs.values()), _current=inputs,
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
        raise SpecError(f"{caller()}: {self._rule.name}: {self._why_unknown(name)}")

    def __setattr__(self, name: str, value: Any) -> None:
        place = caller()
        where = f"{place}: {self._rule.name}: s.{name}"
        check_name(name, f"{place}: {self._rule.name}")
        if hasattr(type(self), name):
            raise SpecError(f"{where} asks for a gradient; choose another name")
        if name == STEP or name in self._hypers or name in self._rule.options:
            raise SpecError(f"{where} is fixed during a step and cannot be assigned")
        if name in self._rule.declarations and name not in self._states:
            raise SpecError(f"{place}: {self._rule.name}: {self._why_unknown(name)}")
        if isinstance(value, _Asked):
            self._ask(name, value)
            return
        if name == GRADIENT:
            raise SpecError(f"{where} is the gradient; assign s.gradient(at=...) or another name")
        expression = self._expression(value, where)
        if isinstance(expression, Boolean) and not isinstance(expression, sp.Symbol) and name in self._arrays:
            raise SpecError(f"{where} is a number and is given a condition; write where(condition, a, b)")
        self._state(name, expression, place)

    def gradient(self, at: Any) -> Any:
        """The gradient at the point ``at``; assign it to a name."""
        return _Asked(self._expression(at, f"{caller()}: {self._rule.name}: gradient(at=...)"))

    @property
    def _arrays(self) -> tuple[str, ...]:
        return (PARAMETER, *self._states)

    def _expression(self, value: Any, where: str) -> sp.Basic:
        expression = _sympified(value, where)
        known = {*self._symbols, *(statement.symbol for statement in self._statements)}
        unknown = sorted(symbol.name for symbol in expression.free_symbols - known)
        if unknown:
            raise SpecError(f"{where} is given a symbol {unknown[0]} that the rule does not declare")
        return expression

    def _state(self, name: str, value: sp.Basic, place: Place) -> None:
        version = sum(statement.target == name for statement in self._statements) + 1
        symbol = sp.Symbol(f"{name}@{version}")
        self._statements.append(Statement(name, symbol, value, place))
        self._current[name] = symbol

    def _ask(self, name: str, asked: _Asked) -> None:
        if name in self._current:
            raise SpecError(f"{caller()}: {self._rule.name}: s.{name} already has a value")
        self._queries.append(Query(name, asked.point))
        self._current[name] = self._input(name)

    def _input(self, name: str) -> sp.Symbol:
        symbol = sp.Symbol(name)
        self._symbols.add(symbol)
        return symbol

    def _schedule(self) -> None:
        """Record the value at step t of every hyper-parameter that follows a schedule."""
        for name, schedule in self._rule.settings.items():
            if not isinstance(schedule, Schedule):
                continue
            function = type(schedule).value
            if function is Schedule.value:
                raise SpecError(f"{schedule.name}: {type(schedule).__name__} has no method value(s)")
            parts: dict[str, sp.Symbol] = {}
            for part, hyper in schedule.declared(Hyper).items():
                free = self._free(f"{name}_{part}")
                parts[part] = self._input(free)
                self._hypers[free] = _configured(hyper, schedule)
            view = _ScheduleView(schedule, {**parts, "base": self._current[name], STEP: self._current[STEP]})
            place, target = _place_of(function), self._free(f"{name}_{STEP}")
            value = function(view)  # type: ignore[arg-type]  # the view stands in for the schedule
            self._state(target, self._expression(value, f"{place}: {schedule.name}: the value"), place)
            self._current[name] = self._current.pop(target)
            self._scheduled[name] = target

    def _free(self, name: str) -> str:
        """``name``, or a longer one where the rule or C uses it."""
        taken = {*self._current, *self._hypers, *self._rule.declarations, *_assigned_names(type(self._rule))}
        while name in taken or name in C_KEYWORDS:
            name += "x"
        return name

    def _finish(self, place: Place) -> Recording:
        where = f"{place}: {self._rule.name}"
        assigned = {statement.target for statement in self._statements}
        for name in self._arrays:
            if name not in assigned:
                what = "the parameter" if name == PARAMETER else "a state"
                raise SpecError(f"{where}: s.{name} is {what} and is never assigned")
        for name, state in self._states.items():
            if isinstance(state.init, str) and state.init not in {PARAMETER, *self._hypers}:
                raise SpecError(f"{where}: s.{name} starts at s.{state.init}, which {self._only_with(state.init)}")
        return Recording(
            self._rule, self._hypers, self._states, tuple(self._statements), tuple(self._queries), self._scheduled
        )

    def _why_unknown(self, name: str) -> str:
        if name in self._rule.declarations:
            return f"s.{name} {self._only_with(name)}"
        if name in _assigned_names(type(self._rule)):
            return f"s.{name} is read before it is assigned"
        known = [*self._current, GRADIENT, *self._rule.options, *_assigned_names(type(self._rule))]
        return f"nothing is named s.{name}; {nearest(name, known)}"

    def _only_with(self, name: str) -> str:
        return f"exists only with {getattr(self._rule.declarations[name], 'when', None)}=True"


class _ScheduleView:
    """Stands in for a schedule inside ``value``."""

    def __init__(self, schedule: Schedule, symbols: dict[str, sp.Symbol]) -> None:
        self._schedule, self._symbols = schedule, symbols

    def __getattr__(self, name: str) -> Any:
        if name in self._symbols:
            return self._symbols[name]
        if name in self._schedule.options:
            return self._schedule.options[name]
        raise SpecError(f"{caller()}: {self._schedule.name}: nothing is named s.{name}; {nearest(name, self._symbols)}")


@dataclass(frozen=True)
class _Asked:
    """A gradient that was asked for and has no name yet."""

    point: sp.Basic


def _configured(hyper: Hyper, owner: Declared) -> Hyper:
    """The hyper-parameter with the value that its owner was built with as default."""
    return Hyper(owner.settings.get(hyper.name, hyper.default), hyper.tex, hyper.domain)


def _sympified(value: Any, where: str) -> sp.Basic:
    needed = "an expression in the names of the rule is needed"
    if isinstance(value, bool) or value is None or isinstance(value, str):
        raise SpecError(f"{where} is given {value!r}; {needed}")
    try:
        expression = sp.sympify(value, strict=True)
    except sp.SympifyError:
        expression = None
    if not isinstance(expression, sp.Expr | Boolean):
        raise SpecError(f"{where} is given a {type(value).__name__}; {needed}")
    if expression.has(sp.I, sp.oo, -sp.oo, sp.zoo, sp.nan):
        raise SpecError(f"{where} is given {expression}, which is no real number")
    return expression


def _assigned_names(rule: type[Rule]) -> list[str]:
    """The names that ``update`` assigns anywhere in its text, in order."""
    stores = [step.argval for step in dis.get_instructions(rule.update) if step.opname == "STORE_ATTR"]
    return [name for name in dict.fromkeys(stores) if name not in BUILT_IN]


def _place_of(function: Any) -> Place:
    """The line at which a function is defined."""
    return Place(function.__code__.co_filename, function.__code__.co_firstlineno)
