"""Claims that two expressions about one step are equal at every step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class Identity(Property):
    """Two expressions have the same value at every step of every run.

    Parameters
    ----------
    left, right: expressions in which ``m`` is a value after the step and ``old(m)`` a state before it, with
        ``norm``, ``rms``, ``mean``, ``total``, ``largest`` and ``smallest`` of arrays, as in ``mean(v, axis=1)``.
    given: statements that are something else, such as the product of a column and a row.
    assuming: expressions that are positive.
    knowing: equations ``left = right`` between states that are proved first, by induction.
    first: whether the claim is about the first step only.
    one_element: whether tensors have one element each, so that an operation on matrices is one on numbers.
    """

    left: str
    right: str
    given: Mapping[str, str] = field(default_factory=dict)
    assuming: tuple[str, ...] = ()
    knowing: tuple[str, ...] = ()
    first: bool = False
    one_element: bool = False

    def __str__(self) -> str:
        premises = [f"{name} = {value}" for name, value in self.given.items()]
        premises += [f"{text} > 0" for text in self.assuming]
        premises += ["tensors have one element"] if self.one_element else []
        where = f" where {' and '.join(premises)}" if premises else ""
        when = "after the first step" if self.first else "after every step"
        return f"{self.left} = {self.right} in {self.rule} {when}{where}"
