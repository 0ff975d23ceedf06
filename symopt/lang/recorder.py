"""The recorder: runs a rule's ``update`` and keeps what it states, in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import isfunction
from typing import Any

import sympy as sp
from sympy.logic.boolalg import Boolean

from symopt.errors import SpecError, SymoptError, nearest
from symopt.lang.compose import Part
from symopt.lang.declare import (
    BUILT_IN,
    C_KEYWORDS,
    GIVEN,
    GRADIENT,
    PARAMETER,
    STEP,
    Declaration,
    Hyper,
    Inner,
    State,
    check_name,
)
from symopt.lang.following import Following, based
from symopt.lang.inner import InnerRule
from symopt.lang.place import Place, caller, last_place
from symopt.lang.recording import Asked, Query, Recording, Statement, assigned_names, place_of, sympified
from symopt.lang.rule import Declared, Rule, Schedule

# What Python says of frequent mistakes in a rule's text -> what to write instead.
HINTS: Mapping[str, str] = {
    "truth value": "a condition on values is written where(condition, a, b), the larger value maximum(a, b)",
    "ufunc": "use the functions of symopt.lang",
    "expression to float": "use the functions of symopt.lang",
}


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
    recording = Recording(rule)
    recorder = Recorder(rule, recording)
    try:
        recorder._run(update)
    except SymoptError:
        raise
    except (Exception, SystemExit) as error:  # the text of a rule is a user's code: any exception is a message about it
        hints = [f"; {hint}" for said, hint in HINTS.items() if said in str(error)]
        message = f"{rule.name}: {type(error).__name__}: {error}{''.join(hints[:1])}"
        raise SpecError(f"{last_place(error, place_of(update))}: {message}") from error
    recorder._finish(place_of(update))
    return recording


class Recorder:
    """Stands in for a rule inside ``update``: reads give symbols, assignments record statements.

    A rule inside a rule has a recorder of its own, which writes to the same recording; ``_names`` maps
    the names that its author uses to those of the recording.
    """

    def __init__(self, rule: Declared, recording: Recording, outer: Recorder | None = None, label: str = "") -> None:
        hypers = {name: item for name, item in rule.declared(Hyper).items() if rule.exists(item)}
        states = {name: item for name, item in rule.declared(State).items() if rule.exists(item)}
        taken, known = ({}, {}) if outer is None else (outer._taken, outer._known)
        self.__dict__.update(
            _rule=rule, _recording=recording, _outer=outer, _label=label, _states=states, _taken=taken, _names={},
            _known=known, _current={}, _hypers=recording.hypers, _statements=recording.statements,
            _scheduled=recording.scheduled, _inputs={}, _inner={},
        )  # fmt: skip
        taken.update(dict.fromkeys([*BUILT_IN, *(assigned_names(rule) if outer is None else [])]))
        declared: dict[str, Hyper | State] = {**hypers, **states}
        for name, item in declared.items():
            self._declare(name, item)
        for name in (PARAMETER, STEP):
            self._current[name] = self._input(name)
        for name, inner_rule in rule.declared(Inner).items():
            default = inner_rule.default
            configured = default() if isinstance(default, type) else default
            inner = Recorder(configured, recording, self, f"{label}_{name}" if label else name)
            self._inner[name] = InnerRule(inner, self)

    def _declare(self, name: str, item: Hyper | State) -> None:
        """Give a declared name to the recording: its own where that is free."""
        rule, recording = self._rule, self._recording
        final = self._own(name)
        if isinstance(item, State):
            init = self._names.get(item.init, item.init) if isinstance(item.init, str) else item.init
            recording.states[final] = State(init, item.tex, item.when)
            recording.states[final].name = final
        else:
            recording.hypers[final] = item
            value = rule.settings.get(name)
            if value is not None and not isinstance(value, Schedule):
                recording.fixed[final] = value
        self._current[name] = self._input(final)

    def _own(self, name: str) -> str:
        """The name in the recording of what this rule calls ``name``; the same whenever it is asked for."""
        if name not in self._names:
            free = self._outer is None or name not in self._taken
            self._names[name] = name if free else self._free(f"{self._label}_{name}" if self._label else name)
            self._taken[self._names[name]] = None
        return str(self._names[name])

    def __getattr__(self, name: str) -> Any:
        if name in self._current:
            return self._current[name]
        if name in self._rule.options:
            return self._rule.options[name]
        if name in self._inner:
            return self._inner[name]
        if name == GRADIENT and self._outer is not None and self._start == self._outer._start:
            # An inner rule at the outer one's point has its gradient, wherever that one has it from; so has a part.
            return self._outer.g
        if name == GRADIENT:
            # The gradient is that of the parameter at the start of the step, wherever it is read.
            self._ask(GRADIENT, Asked(self._start))
            return self._current[GRADIENT]
        if name in GIVEN:
            if name not in self._recording.given:
                self._recording.given.append(name)
            self._current[name] = self._input(name)
            return self._current[name]
        raise SpecError(f"{caller()}: {self._rule.name}: {self._why_unknown(name)}")

    def __setattr__(self, name: str, value: Any) -> None:
        place = caller()
        where = f"{place}: {self._rule.name}: s.{name}"
        check_name(name, f"{place}: {self._rule.name}")
        if hasattr(type(self), name):
            raise SpecError(f"{where} has a meaning of its own; choose another name")
        if name in (STEP, *GIVEN) or (name in self._names and name in self._rule.declared(Hyper)):
            raise SpecError(f"{where} is fixed during a step and cannot be assigned")
        if name in self._rule.options or name in self._inner:
            raise SpecError(f"{where} is fixed during a step and cannot be assigned")
        if name in self._rule.declarations and name not in self._states:
            raise SpecError(f"{place}: {self._rule.name}: {self._why_unknown(name)}")
        if isinstance(value, Asked):
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
        return Asked(self._expression(at, f"{caller()}: {self._rule.name}: gradient(at=...)"))

    def uniform(self) -> Any:
        """Random numbers between 0 and 1, one an element."""
        draws = self._recording.draws
        draws.append(self._free(f"draw{len(draws) + 1}"))
        self._taken[draws[-1]] = None
        return self._input(draws[-1])

    def normal(self) -> Any:
        """Standard normal random numbers, one an element: Box & Muller 1958."""
        radius, angle = self.uniform(), self.uniform()
        return sp.sqrt(-2 * sp.log(radius)) * sp.cos(2 * sp.pi * angle)

    def declared(self, kind: type[Declaration]) -> list[str]:
        """The names of the rule's declarations of a kind."""
        return list(self._rule.declared(kind))

    @property
    def _start(self) -> sp.Basic:
        """The parameter before the step, from which the rule starts."""
        return self._inputs.get(PARAMETER, sp.Symbol(PARAMETER))

    @property
    def _is_given_gradient(self) -> bool:
        """Whether the rule, or one around it, is given its gradient."""
        return GRADIENT in self._inputs or (self._outer is not None and self._outer._is_given_gradient)

    @property
    def _arrays(self) -> tuple[str, ...]:
        return (PARAMETER, *self._states)

    def _all_states(self) -> Iterator[tuple[Recorder, str]]:
        """The states of the rule and of the rules and parts inside it, each with its recorder."""
        yield from ((self, name) for name in self._states)
        for inner in self._inner.values():
            yield from inner._recorder._all_states()

    def _run(self, function: Any, *args: Any) -> Any:
        """Run the rule's text on this recorder."""
        self._schedule()
        return function(self, *args)  # the recorder stands in for the rule

    def _expression(self, value: Any, where: str) -> sp.Basic:
        expression = sympified(value, where)
        unknown = sorted(symbol.name for symbol in expression.free_symbols if symbol.name not in self._known)
        if unknown:
            raise SpecError(f"{where} is given a symbol {unknown[0]} that the rule does not declare")
        return expression

    def _state(self, name: str, value: sp.Basic, place: Place) -> None:
        target = self._own(name)
        version = sum(statement.target == target for statement in self._statements) + 1
        symbol = self._input(f"{target}@{version}")
        self._statements.append(Statement(target, symbol, value, place))
        self._current[name] = symbol

    def _ask(self, name: str, asked: Asked) -> None:
        if self._is_given_gradient:
            raise SpecError(
                f"{caller()}: {self._rule.name} asks for its gradient at a point of its own, and a rule around it "
                f"gives it one; it cannot be wrapped so"
            )
        if name in self._current:
            raise SpecError(f"{caller()}: {self._rule.name}: s.{name} already has a value")
        for query in self._recording.queries:
            if query.point == asked.point and name == GRADIENT:
                self._current[name] = self._input(query.name)
                return
        is_first = name == GRADIENT and all(query.name != GRADIENT for query in self._recording.queries)
        own = name if is_first else self._own(name)
        self._recording.queries.append(Query(own, asked.point))
        self._current[name] = self._input(own)

    def _input(self, name: str) -> sp.Symbol:
        self._taken[name] = None
        self._known[name] = None
        return sp.Symbol(name)

    def _schedule(self) -> None:
        """Record the value at step t of every hyper-parameter that follows a schedule."""
        for name, schedule in self._rule.settings.items():
            if not isinstance(schedule, Schedule):
                continue
            own = self._own(name)
            self._hypers[own] = based(self._rule.declared(Hyper)[name], schedule, self._rule.name)
            following = Following(schedule, name, self._hypers[own], self._scheduled_by)
            place = place_of(type(schedule).value)
            value = following(self._current[STEP], self._current[name])
            target = self._free(f"{name}_{STEP}")
            self._state(target, self._expression(value, f"{place}: {schedule.name}: the value"), place)
            self._current[name] = self._current.pop(target)
            self._scheduled[own] = target

    def _scheduled_by(self, name: str, hyper: Hyper) -> sp.Symbol:
        """A hyper-parameter of a schedule, as one of the rule's."""
        free = self._free(name)
        self._hypers[free] = hyper
        return self._input(free)

    def _free(self, name: str) -> str:
        """``name``, or a longer one where the rule or C uses it."""
        taken = {*self._taken, *self._rule.declarations, *assigned_names(self._rule)}
        while name in taken or name in C_KEYWORDS:
            name += "x"
        return name

    def _finish(self, place: Place) -> None:
        where = f"{place}: {self._rule.name}"
        assigned = {statement.target for statement in self._statements}
        for name in self._arrays:
            if self._names.get(name) not in assigned and not isinstance(self._rule, Part):
                what = "the parameter" if name == PARAMETER else "a state"
                raise SpecError(f"{where}: s.{name} is {what} and is never assigned")
        for name, state in self._states.items():
            if isinstance(state.init, str) and state.init != PARAMETER and state.init not in self._names:
                raise SpecError(f"{where}: s.{name} starts at s.{state.init}, which {self._only_with(state.init)}")
        for name, inner in self._inner.items():
            if not inner._is_used:
                raise SpecError(f"{where}: the inner rule s.{name} makes no step; write s.p = s.{name}()")

    def _why_unknown(self, name: str) -> str:
        if name in self._rule.declarations:
            return f"s.{name} {self._only_with(name)}"
        if name in assigned_names(self._rule):
            return f"s.{name} is read before it is assigned"
        known = [*self._current, GRADIENT, *self._rule.options, *self._inner, *assigned_names(self._rule)]
        return f"nothing is named s.{name}; {nearest(name, known)}"

    def _only_with(self, name: str) -> str:
        return f"exists only with {getattr(self._rule.declarations[name], 'when', None)}=True"
