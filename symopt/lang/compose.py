"""Composition: a rule made of parts, each of which changes a direction."""

from __future__ import annotations

import types
from typing import Any, ClassVar, cast

from symopt.errors import SpecError
from symopt.lang.declare import Hyper, Inner
from symopt.lang.domain import NonNegative
from symopt.lang.rule import Declared, Rule


class Part(Declared):
    """A change of the direction that a rule goes: clipping, momentum, scaling, decay.

    ``direction(s, u)`` gives the new direction from the one before, ``u``, which starts as the
    gradient. ``s`` is a recorder, as in ``Rule.update``; states and hyper-parameters are declared in
    the same way.
    """

    source: ClassVar[str] = ""
    p: Any
    g: Any
    t: Any
    loss: Any
    hessian: Any
    rows: Any
    cols: Any
    size: Any

    def direction(self, u: Any) -> Any:
        """The new direction; every part defines it."""
        raise SpecError(f"{type(self).__name__} has no method direction(s, u)")

    def uniform(self) -> Any:
        """Random numbers between 0 and 1, as in a rule."""
        raise SpecError("uniform() is for use inside direction(s, u)")

    def normal(self) -> Any:
        """Random numbers of the standard normal distribution, as in a rule."""
        raise SpecError("normal() is for use inside direction(s, u)")


class Composed(Rule):
    """A rule whose gradient goes through ``parts``, one after the other."""

    parts: ClassVar[tuple[Any, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Declare the parts, under their names."""
        for part in cls.parts:
            configured = _configured(part, cls.__name__)
            name, again = configured.name, 1
            while name in vars(cls):
                again += 1
                name = f"{configured.name}{again}"
            inner = Inner(configured)
            inner.__set_name__(cls, name)
            setattr(cls, name, inner)
        super().__init_subclass__(**kwargs)


class Chain(Composed):
    """The parameter moves against the direction that comes out of the parts, by ``lr``::

    class Mine(Chain):
        parts = (AdamDirection, DecoupledDecay, TrustRatio)
    """

    lr = Hyper(1e-3, r"\gamma", NonNegative)

    def update(s) -> None:
        """The parts in order, then the step."""
        u = s.g
        for name in s.declared(Inner):
            s.u = getattr(s, name)(u)
            u = s.u
        s.p = s.p - s.lr * u


class Filter(Composed):
    """The gradient goes through the parts to a rule, which is the last of them."""

    def update(s) -> None:
        """The parts in order, then a step of the rule."""
        *parts, rule = s.declared(Inner)
        u = s.g
        for name in parts:
            s.u = getattr(s, name)(u)
            u = s.u
        s.p = getattr(s, rule)(g=u)


def _configured(part: Any, where: str) -> Rule | Part:
    """A part or rule of a chain, which may be given as a class."""
    configured = part() if isinstance(part, type) else part
    if not isinstance(configured, Rule | Part):
        raise SpecError(f"{where}: {part!r} is neither a rule nor a part")
    return configured


def chain(*parts: Any) -> type[Rule]:
    """The rule that some parts make; the last may be a rule, which then gets their direction as gradient.

    Raises
    ------
    SpecError: no parts, or a rule that is not the last.
    """
    configured = [_configured(part, "a chain") for part in parts]
    if not configured:
        raise SpecError("a chain needs at least one part")
    for part in configured[:-1]:
        if not isinstance(part, Part):
            raise SpecError(f"a chain of {part.spelt} and more: only the last of a chain may be a rule")
    base = Chain if isinstance(configured[-1], Part) else Filter
    if base is Filter and len(configured) == 1:
        raise SpecError(f"a chain of the rule {configured[0].spelt} alone is that rule; put parts before it")
    names = [word for part in configured for word in part.words]
    spelt = ",".join(part.spelt for part in configured)
    members: dict[str, Any] = {
        "parts": tuple(configured), "head": f"chain({spelt})", "__module__": __name__,
        "__doc__": f"The gradient through {', then '.join(part.spelt for part in configured)}.",
    }  # fmt: skip
    name = "_".join(["chain", *names])
    return cast("type[Rule]", types.new_class("Chained", (base,), {"name": name}, lambda space: space.update(members)))
