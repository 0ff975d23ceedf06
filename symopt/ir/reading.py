"""Canonical text read back into the graph: S-expressions such as ``(sub p (mul lr g))``, which ``text`` writes."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from symopt.ir.nodes import ARITY, MATRIX_OPS, Node, matop, num, op, reduce, ref

NUMBER = re.compile(r"-?\d+(/\d+)?")


def read(text: str) -> Node:
    """The expression that a text is.

    Raises
    ------
    ValueError: it is none.
    """
    stack: list[list[Any]] = [[]]
    for token in text.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            stack.append([])
        elif token == ")" and len(stack) > 1 and stack[-1]:
            name, *args = stack.pop()
            stack[-1].append(_made(name, args))
        elif token == ")":
            raise ValueError(f"{text!r} has a parenthesis too many")
        elif len(stack) > 1 and not stack[-1]:
            stack[-1].append(token)
        else:
            stack[-1].append(num(Fraction(token)) if NUMBER.fullmatch(token) else ref(token))
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"{text!r} is no expression")
    return stack[0][0]  # type: ignore[no-any-return]  # what is left on the stack is no operator's name


def _made(name: str, args: list[Node]) -> Node:
    if name in ARITY or name in MATRIX_OPS:
        return op(name, *args) if name in ARITY else matop(name, *args)
    if len(args) != 1:
        raise ValueError(f"{name} of {len(args)} operands is no operation of the graph")
    axis = int(name[-1]) if name[-1].isdigit() else None
    return reduce(name if axis is None else name[:-1], args[0], axis)
