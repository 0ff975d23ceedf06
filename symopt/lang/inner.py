"""Rules inside rules: what stands in for one inside ``update``."""

from __future__ import annotations

from inspect import isfunction
from typing import TYPE_CHECKING, Any

from symopt.errors import SpecError
from symopt.lang.compose import Part
from symopt.lang.declare import GRADIENT, PARAMETER, STEP
from symopt.lang.ops import Where
from symopt.lang.place import caller
from symopt.lang.recording import place_of, text_of

if TYPE_CHECKING:
    from symopt.lang.recorder import Recorder


class InnerRule:
    """Stands in for an inner rule or a part: called once, it makes a step or gives a direction.

    Its hyper-parameters are read as attributes, and, where it has one inner rule, those of that rule too.
    """

    def __init__(self, recorder: Recorder, outer: Recorder) -> None:
        self._recorder, self._outer, self._is_used = recorder, outer, False

    def __getattr__(self, name: str) -> Any:
        owner = self._recorder
        if not self._is_used:
            called = f"s.{owner._label}"
            raise SpecError(
                f"{caller()}: {self._outer._rule.name}: {called}.{name} is read before {called} makes its step, "
                f"which is when a schedule gives it its value"
            )
        while name not in owner._rule.declarations:
            inside = [inner._recorder for inner in owner._inner.values()]
            rules = [recorder for recorder in inside if not isinstance(recorder._rule, Part)]
            if len(rules) != 1:
                break
            owner = rules[0]
        return getattr(owner, name)

    def __call__(self, *args: Any, **given: Any) -> Any:
        rule, function = self._recorder._rule, text_of(self._recorder._rule)
        where = f"{caller()}: {self._outer._rule.name}: {rule.name}"
        if self._is_used:
            raise SpecError(f"{where} makes two steps in one; it has one state")
        self._is_used = True
        if isinstance(rule, Part):
            if function is Part.direction:
                raise SpecError(f"{where} has no method direction(s, u)")
            if len(args) != 1 or given:
                raise SpecError(f"{where} is a part: it is given one direction")
            return self._direction(function, args[0], where)
        allowed = {PARAMETER, GRADIENT, STEP, "when"}
        if args or not set(given) <= allowed:
            raise SpecError(f"{where} is a rule: it takes {', '.join(sorted(allowed))}, by name")
        if not isfunction(function):
            raise SpecError(f"{where} has no method update(s)")
        return self._step(function, given, where)

    def _direction(self, function: Any, u: Any, where: str) -> Any:
        recorder, outer = self._recorder, self._outer
        recorder._current.update({PARAMETER: outer.p, STEP: outer.t})
        found = recorder._run(function, outer._expression(u, where))
        recorder._finish(place_of(function))
        return outer._expression(found, f"{place_of(function)}: {recorder._rule.name}: the direction")

    def _step(self, function: Any, given: dict[str, Any], where: str) -> Any:
        recorder, outer = self._recorder, self._outer
        when = given.pop("when", None)
        values = {name: outer._expression(value, f"{where}: {name}=...") for name, value in given.items()}
        start = values.get(PARAMETER, outer.p)
        recorder._inputs.update(values)
        recorder._inputs[PARAMETER] = start
        recorder._current.update({STEP: outer.t, **values, PARAMETER: start})
        before = [(owner, name, owner._current[name]) for owner, name in recorder._all_states()]
        recorder._run(function)
        recorder._finish(place_of(function))
        if when is not None:
            condition = outer._expression(when, f"{where}: when=...")
            for owner, name, old in before:
                owner._state(name, Where(condition, owner._current[name], old), place_of(function))
            return Where(condition, recorder.p, start)
        return recorder.p
