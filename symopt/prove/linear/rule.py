"""A linear rule as theorems speak of it: its system, what reads the names of a claim, what writes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.errors import UsageError
from symopt.ir.trace import STEP, Trace
from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.implied import Implications
from symopt.prove.linear.rational import Rational, Ring
from symopt.prove.linear.reading import Bound, Reader
from symopt.prove.linear.system import SHIFT, System, linear_system
from symopt.prove.linear.writing import Writer


@dataclass(frozen=True)
class Rule:
    """A linear rule with what is needed to speak of it: its system, what reads names, what writes them."""

    trace: Trace
    system: System
    reader: Reader
    deadline: Deadline

    @classmethod
    def of(cls, trace: Trace, time_limit: float, more: Mapping[str, Domain] | None = None) -> Rule:
        """The rule of a trace, over its hyper-parameters and some names more.

        Raises
        ------
        NotDecidedError: it is not linear with constant coefficients.
        UsageError: a name that is added is one of the rule's.
        """
        own = {hyper.name: hyper.domain for hyper in trace.hypers}
        more = more or {}
        for name in more:
            if name in own:
                raise UsageError(f"{trace.title} has a hyper-parameter {name!r}, which the claim takes for its own")
        ring = Ring([SHIFT, STEP, *own, *more])
        system = linear_system(trace, ring, {name: name for name in own})
        if system is None:
            raise NotDecidedError(f"{trace.title} is not linear with constant coefficients")
        return cls(trace, system, Reader(ring, own | dict(more)), Deadline.after(time_limit))

    @property
    def ring(self) -> Ring:
        """The ring that everything is over."""
        return self.system.ring

    @property
    def writer(self) -> Writer:
        """What writes over the ring, under the domains that assumptions have narrowed."""
        return Writer(self.ring, self.reader.domains)

    def text(self, bound: Bound) -> str:
        """A bound as people read it."""
        return self.writer.relation_text(self.ring, bound.poly, ">" if bound.strict else ">=")

    def value_text(self, value: Rational) -> str:
        """A rational function as people read it."""
        return self.writer.text(value)

    def implications(self) -> Implications:
        """What follows in the domains."""
        return Implications(self.ring, self.reader.domains, self.deadline)
