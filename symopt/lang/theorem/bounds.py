"""Claims that something is never exceeded: invariants of one rule, orders between two.

A claim is a comparison, or a chain of them as in ``0 <= u <= 1``, of expressions in these names:

* ``x`` for a state, ``p`` for the parameter: the value before a step;
* ``x_new``, ``p_new``: the value after it;
* any other name of a statement (``m_hat``, ``u``): what it is in the step;
* ``g`` and the other gradients, the hyper-parameters, ``t`` and the names in ``free``;
* ``p_0``: the parameter at the start.

A claim that reads nothing but states, ``p``, ``p_0``, hyper-parameters and ``t`` is about the states: it
is to hold before the first step, where ``t`` is 0, and after every step, where ``t`` counts the steps made.
Any other claim is about every step, ``t = 1, 2, ...``. Between two rules, the names of the first are
written ``left.x`` and those of the second ``right.x``; gradients, ``p_0`` and hyper-parameters that
have one name are shared.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import NamedTuple

from symopt.errors import SpecError, UsageError
from symopt.lang.theorem.base import Property

START = "p_0"
AFTER = "_new"
LEFT, RIGHT = "left", "right"
# A single ``=`` between expressions, as people write it.
SINGLE = re.compile(r"(?<![<>=!])=(?![=])")
SYMBOLS: dict[type[ast.cmpop], str] = {ast.LtE: "<=", ast.Lt: "<", ast.GtE: ">=", ast.Gt: ">", ast.Eq: "="}
FORM = "write a comparison with <=, <, >=, > or =, as in v >= 0"


class Comparison(NamedTuple):
    """``left symbol right``, where ``symbol`` is one of ``<=``, ``<``, ``>=``, ``>`` and ``=``."""

    left: str
    symbol: str
    right: str

    def __str__(self) -> str:
        return f"{self.left} {self.symbol} {self.right}"


def comparisons(text: str) -> tuple[Comparison, ...]:
    """The comparisons that a text holds, a chain link by link.

    Raises
    ------
    UsageError: the text is no comparison.
    """
    try:
        node = ast.parse(SINGLE.sub("==", text.replace("^", "**")).strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(f"{text!r} is no comparison; {FORM}") from None
    if not isinstance(node, ast.Compare) or any(type(symbol) not in SYMBOLS for symbol in node.ops):
        raise UsageError(f"{text!r} is no comparison; {FORM}")
    sides = [ast.unparse(side) for side in (node.left, *node.comparators)]
    symbols = [SYMBOLS[type(symbol)] for symbol in node.ops]
    return tuple(Comparison(*link) for link in zip(sides, symbols, sides[1:], strict=False))


@dataclass(frozen=True)
class Invariant(Property):
    """``of`` holds at every step of a rule, whatever the gradients are.

    Parameters
    ----------
    rule: a target as on the command line.
    of: the claim; the module says in which names.
    given: assumptions on hyper-parameters, gradients and the start, as in ``lr*weight_decay <= 1``.
        An equation gives a hyper-parameter by the others, as in ``beta2 = beta1``.
    free: names that stand for any real number, beside what ``given`` says of them.
    """

    of: str
    given: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.of, self.given, self.free)

    @property
    def rules(self) -> tuple[str, ...]:
        """The targets that it is about."""
        return (self.rule,)

    def __str__(self) -> str:
        return f"{self.of} in {self.rule}{_premise(self.given)}"


@dataclass(frozen=True)
class Ordered(Property):
    """``of`` holds at every step of two rules that are given the same gradients.

    Parameters
    ----------
    rule, other: the two targets; ``of`` writes what belongs to them ``left.x`` and ``right.x``.
    of, given, free: as for ``Invariant``.
    """

    other: str
    of: str
    given: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check(self.of, self.given, self.free)

    @property
    def rules(self) -> tuple[str, ...]:
        """The targets that it is about."""
        return (self.rule, self.other)

    def __str__(self) -> str:
        about = f"{self.of} with {LEFT} {self.rule} and {RIGHT} {self.other} on the same gradients"
        return about + _premise(self.given)


def _premise(given: tuple[str, ...]) -> str:
    return f", given {' and '.join(given)}" if given else ""


def _check(of: str, given: tuple[str, ...], free: tuple[str, ...]) -> None:
    """Refuse what is no claim where it is written."""
    if isinstance(given, str) or isinstance(free, str):
        raise SpecError(f"given and free are tuples of texts, as in given=({given or free!r},)")
    for text in (of, *given):
        comparisons(text)
