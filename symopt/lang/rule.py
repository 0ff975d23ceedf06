"""An update rule and a schedule: declarations, and one method that states the mathematics."""

from __future__ import annotations

import itertools
import re
import types
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, ClassVar, Self, TypeVar, cast

from symopt.errors import SpecError, UsageError, nearest
from symopt.lang.declare import Declaration, Hyper, Inner, Option, State, check_name, is_number
from symopt.lang.place import caller

Kind = TypeVar("Kind", bound=Declaration)

BASE = "base"  # the value that a schedule starts from


def _check_declarations(cls: type[Declared], where: str) -> None:
    """Every declaration must make sense by itself, hide nothing of the class, and name what is declared."""
    options, hypers = cls.declared(Option), cls.declared(Hyper)
    for name, item in cls.declarations.items():
        at = f"{where}: {cls.__name__}.{name}"
        item.check_declared(at)
        if any(not isinstance(vars(base).get(name, item), Declaration) for base in cls.__mro__[1:]):
            raise SpecError(f"{at}: every rule has an attribute {name}; choose another name")
        named = [item.needs, item.excludes] if isinstance(item, Option) else [getattr(item, "when", None)]
        for option in named:
            if option is not None and option not in options:
                raise SpecError(f"{at}: there is no option {option!r}; {nearest(option, options)}")
        if isinstance(item, State) and isinstance(item.init, str) and item.init not in {"p", *hypers}:
            raise SpecError(f"{at}: no initial value is called {item.init!r}; {nearest(item.init, ['p', *hypers])}")


class Declared:
    """A class whose attributes include declarations; the common part of rules and schedules."""

    name: ClassVar[str] = ""
    # How a target writes a class that was made from one: what stands first, and what is in brackets after it.
    head: ClassVar[str] = ""
    target: ClassVar[tuple[str, ...]] = ()
    declarations: ClassVar[dict[str, Declaration]] = {}

    def __init_subclass__(cls, *, name: str | None = None, **kwargs: Any) -> None:
        """``name`` is what the command line and the generated code call the rule."""
        super().__init_subclass__(**kwargs)
        where = str(caller())
        own = {key: value for key, value in vars(cls).items() if isinstance(value, Declaration)}
        cls.declarations = {**cls.declarations, **own}
        _check_declarations(cls, where)
        cls.name = cls.__name__.lower() if name is None else name
        check_name(cls.name, f"{where}: {cls.__name__}(..., name=...)")

    @classmethod
    def declared(cls, kind: type[Kind]) -> dict[str, Kind]:
        """The declarations of one kind, in the order in which they are written."""
        return {name: item for name, item in cls.declarations.items() if isinstance(item, kind)}

    def __init__(self, **settings: Any) -> None:
        """Fix options and hyper-parameters by keyword; a hyper-parameter also takes a schedule.

        Raises
        ------
        UsageError: a name that is not declared, a choice that is not offered, options that exclude
            each other.
        DomainError: a value outside its hyper-parameter's domain.
        """
        self.settings: dict[str, Any] = settings
        for name, value in settings.items():
            self._check_setting(name, value)
        self._check_options()
        for name in settings:
            when = getattr(self.declarations[name], "when", None)
            if when is not None and not self.options[when]:
                raise UsageError(f"{self.name}: {name} exists only with {when}={True}")

    @property
    def options(self) -> dict[str, bool | int | str]:
        """Every option with its choice."""
        return {name: self.settings.get(name, option.default) for name, option in self.declared(Option).items()}

    @classmethod
    def over(cls, **inner: Any) -> type[Self]:
        """The same class around other inner rules: ``Lookahead.over(base=AdamW(amsgrad=True))``.

        Raises
        ------
        UsageError: a name that is no inner rule of the class.
        """
        known = cls.declared(Inner)
        for name, item in inner.items():
            if name not in known:
                raise UsageError(f"{cls.name} has no inner rule {name!r}; {nearest(name, known)}")
            if not hasattr(item, "declarations"):
                raise UsageError(f"{cls.name}: {name} = {item!r}; an inner rule is a rule")
        made = {name: item() if isinstance(item, type) else item for name, item in inner.items()}
        words = [cls.name, *(word for item in made.values() for word in item.words)]
        target = (*cls.target, *(f"{name}={item.spelt}" for name, item in made.items()))
        members: dict[str, Any] = {name: Inner(item) for name, item in made.items()}
        members |= {
            "__doc__": cls.__doc__,
            "__module__": cls.__module__,
            "head": cls.head or cls.name,
            "target": target,
        }
        title = "".join(word.title() for word in "_".join(words).split("_"))
        return cast(
            "type[Self]", types.new_class(title, (cls,), {"name": "_".join(words)}, lambda n: n.update(members))
        )

    @property
    def words(self) -> list[str]:
        """The name and what is fixed, as parts of an identifier."""
        fixed = [key if value is True else f"{key}_{value}" for key, value in self.settings.items()]
        return [self.name, *filter(None, (re.sub(r"\W+|_+", "_", word).strip("_") for word in fixed))]

    @property
    def spelt(self) -> str:
        """As it is written inside brackets: its name, with what is fixed in parentheses."""
        fixed = [*self.target, *(f"{key}={value}" for key, value in self.settings.items())]
        return f"{self.head or self.name}({','.join(fixed)})" if fixed else self.head or self.name

    def setting(self, declaration: Declaration) -> Any:
        """What a declared name is configured to: the given value, else the default."""
        return self.settings.get(declaration.name, getattr(declaration, "default", declaration))

    def exists(self, declaration: Hyper | State) -> bool:
        """Whether the option that the declaration hangs on is on."""
        return declaration.when is None or bool(self.options[declaration.when])

    def _check_setting(self, name: str, value: Any) -> None:
        declaration = self.declarations.get(name)
        if isinstance(declaration, Inner):
            raise UsageError(f"{self.name}: write {type(self).__name__}.over({name}=...) for another inner rule")
        if isinstance(declaration, Option):
            if not declaration.offers(value):
                choices = ", ".join(map(repr, declaration.choices))
                raise UsageError(f"{self.name}: {name} = {value!r}; choices: {choices}")
        elif isinstance(declaration, Hyper):
            if isinstance(value, Schedule) and not isinstance(self, Schedule):
                return
            if not is_number(value):
                takes = "a number" if isinstance(self, Schedule) else "a number or a schedule"
                raise UsageError(f"{self.name}: {name} = {value!r}; a hyper-parameter takes {takes}")
            declaration.check(value, self.name)
        else:
            settable = {**self.declared(Option), **self.declared(Hyper), **self.declared(Inner)}
            raise UsageError(f"{self.name} has no option or hyper-parameter {name!r}; {nearest(name, settable)}")

    def _check_options(self) -> None:
        chosen = self.options
        for name, option in self.declared(Option).items():
            if not chosen[name]:
                continue
            if option.needs is not None and not chosen[option.needs]:
                raise UsageError(f"{self.name}: {name} needs {option.needs}=True")
            if option.excludes is not None and chosen[option.excludes]:
                raise UsageError(f"{self.name}: {name} and {option.excludes} exclude each other")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in self.settings.items())})"


class Rule(Declared):
    """An update rule, written once.

    A subclass declares its hyper-parameters, states and options as class attributes, names its
    ``source`` (paper and equation, or framework and version), and states the update::

        class AdamW(Rule):
            def update(s) -> None:
                s.m = ema(s.m, s.g, s.beta1)

    Inside ``update`` the argument is a recorder: reading a name gives a SymPy symbol, assigning one
    records a named statement. ``s.p`` is the parameter, ``s.g`` its gradient, ``s.t`` the step,
    counted from 1; ``s.loss``, ``s.hessian`` (an estimate of the diagonal), ``s.rows``, ``s.cols`` and
    ``s.size`` are what their names say. An instance is the rule with some options and hyper-parameters
    fixed.
    """

    source: ClassVar[str] = ""

    # What the recorder offers inside ``update``; typed as Any because SymPy's expressions are.
    p: Any
    g: Any
    t: Any
    loss: Any
    hessian: Any
    rows: Any
    cols: Any
    size: Any

    def update(self) -> None:
        """State one step of the rule; every rule defines it."""
        raise SpecError(f"{type(self).__name__} has no method update(s)")

    def gradient(self, at: Any) -> Any:
        """Ask for the gradient at the point ``at``; only the recorder answers."""
        raise SpecError("gradient(at=...) is for use inside update(s)")

    def uniform(self) -> Any:
        """Random numbers between 0 and 1, one an element, others in every step; only the recorder answers."""
        raise SpecError("uniform() is for use inside update(s)")

    def normal(self) -> Any:
        """Random numbers of the standard normal distribution; only the recorder answers."""
        raise SpecError("normal() is for use inside update(s)")

    @property
    def title(self) -> str:
        """The rule as a target: its name, with what is fixed in brackets."""
        fixed = [*self.target, *(f"{key}={value}" for key, value in self.settings.items())]
        head = self.head or self.name
        return f"{head}[{','.join(fixed)}]" if fixed else head

    @classmethod
    def variants(cls) -> Iterator[Rule]:
        """Every legal combination of options, the default one first."""
        options = cls.declared(Option)
        orders = [sorted(option.choices, key=option.default.__ne__) for option in options.values()]
        for choices in itertools.product(*orders):
            changed = {n: c for (n, o), c in zip(options.items(), choices, strict=True) if c != o.default}
            try:
                yield cls(**changed)
            except UsageError:
                continue

    def _repr_latex_(self) -> str:
        from symopt.docs.notebook import rule_latex  # rendering stands above the language

        return rule_latex(self)

    def _repr_html_(self) -> str:
        from symopt.docs.notebook import rule_html

        return rule_html(self)


class Schedule(Declared):
    """A hyper-parameter that changes from step to step, as an expression in ``t``.

    ``value`` returns the value at step ``s.t`` (counted from 1) from the hyper-parameter's own value
    ``s.base``, which ``cosine(base=0.1)`` sets, and the schedule's declared hyper-parameters. A schedule
    inside it is declared as ``Inner`` and called with a step: ``s.first(s.t)``, or, where it is not to
    start from the same base value, ``s.second(s.t, base=...)``.
    """

    source: ClassVar[str] = ""
    base: Any
    t: Any

    def __init__(self, *, base: int | float | Fraction | None = None, **settings: Any) -> None:
        """Fix the base value, options, hyper-parameters and inner schedules by keyword; errors are those of a rule."""
        super().__init__(**settings)
        if base is not None and not is_number(base):
            raise UsageError(f"{self.name}: {BASE} = {base!r}; the base value is a number")
        self.settings = settings if base is None else {BASE: base, **settings}

    def value(self) -> Any:
        """The hyper-parameter at step ``t``; every schedule defines it."""
        raise SpecError(f"{type(self).__name__} has no method value(s)")

    def _check_setting(self, name: str, value: Any) -> None:
        if not isinstance(self.declarations.get(name), Inner):
            super()._check_setting(name, value)
        elif not isinstance(value, Schedule):
            raise UsageError(f"{self.name}: {name} = {value!r}; it takes a schedule")

    def __str__(self) -> str:
        fixed = ",".join(f"{key}={value}" for key, value in self.settings.items())
        return f"{self.name}({fixed})" if fixed else self.name
