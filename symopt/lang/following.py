"""A schedule as a function: inside ``record``, the value at a step, from the step and the base value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from symopt.errors import SpecError, UsageError, nearest
from symopt.lang.declare import STEP, Hyper, Inner
from symopt.lang.ops import Expr
from symopt.lang.place import caller
from symopt.lang.rule import BASE, Schedule

# Makes a hyper-parameter of the rule, under this name or a longer one, and gives its symbol.
Declare = Callable[[str, Hyper], Expr]


class Following:
    """A schedule that a hyper-parameter follows: called with a step and a base value, it gives the value there.

    Its hyper-parameters, and those of the schedules inside it, become hyper-parameters of the rule, with
    the values that they are set to as defaults.

    Parameters
    ----------
    schedule: the configured schedule.
    label: what the names of its hyper-parameters start with.
    owner: the hyper-parameter that follows it.
    declare: makes them.
    """

    def __init__(self, schedule: Schedule, label: str, owner: Hyper, declare: Declare) -> None:
        if type(schedule).value is Schedule.value:
            raise SpecError(f"{schedule.name}: {type(schedule).__name__} has no method value(s)")
        self.schedule = schedule
        self.symbols: dict[str, Expr] = {}
        self.inner: dict[str, _Inner] = {}
        for name, hyper in schedule.declared(Hyper).items():
            if schedule.exists(hyper):
                value = schedule.settings.get(name, hyper.default)
                self.symbols[name] = declare(f"{label}_{name}", replace(hyper, default=value))
        for name, item in schedule.declared(Inner).items():
            chosen = schedule.settings.get(name, item.default)
            configured = chosen() if isinstance(chosen, type) else chosen
            self.inner[name] = _Inner(configured, f"{label}_{name}", owner, declare)

    def __call__(self, t: Expr, base: Expr) -> Expr:
        """The value at step ``t``, counted from 1, where the hyper-parameter's own value is ``base``."""
        view: Any = _View(self, t, base)  # stands in for the schedule
        return type(self.schedule).value(view)


def based(owner: Hyper, schedule: Schedule, where: str) -> Hyper:
    """The hyper-parameter with the base value of a schedule as default, where the schedule sets one.

    Raises
    ------
    DomainError: beginning with ``where``, the base value is outside its domain.
    """
    if BASE not in schedule.settings:
        return owner
    owner.check(schedule.settings[BASE], where)
    return replace(owner, default=schedule.settings[BASE])


class _Inner:
    """A schedule inside a schedule."""

    def __init__(self, schedule: Schedule, label: str, owner: Hyper, declare: Declare) -> None:
        has_base = BASE in schedule.settings
        own = based(owner, schedule, schedule.name)
        self.base = declare(f"{label}_{BASE}", own) if has_base else None
        self.following = Following(schedule, label, owner, declare)

    def at(self, t: Expr, given: Expr | None, outer: Expr) -> Expr:
        """The value at step ``t``, from the base value set, the one given or the outer schedule's."""
        if self.base is not None and given is not None:
            name = self.following.schedule.name
            raise UsageError(f"{name}: it starts from the value of the schedule around it; leave out {BASE}=...")
        return self.following(t, given if given is not None else outer if self.base is None else self.base)


class _View:
    """Stands in for a schedule inside ``value``: hyper-parameters are symbols, inner schedules are called."""

    def __init__(self, following: Following, t: Expr, base: Expr) -> None:
        self._following = following
        self._symbols = {**following.symbols, BASE: base, STEP: t}

    def __getattr__(self, name: str) -> Any:
        following, schedule = self._following, self._following.schedule
        if name in self._symbols:
            return self._symbols[name]
        if name in schedule.options:
            return schedule.options[name]
        if name in following.inner:
            return lambda t, base=None: following.inner[name].at(t, base, self._symbols[BASE])
        raise SpecError(f"{caller()}: {schedule.name}: {self._why_unknown(name)}")

    def _why_unknown(self, name: str) -> str:
        schedule = self._following.schedule
        if name in schedule.declarations:
            return f"s.{name} exists only with {getattr(schedule.declarations[name], 'when', None)}=True"
        return f"nothing is named s.{name}; {nearest(name, [*self._symbols, *schedule.declarations])}"
