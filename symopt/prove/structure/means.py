"""Means along rows and columns as linear operators: what is constant along an axis comes out of the mean along it.

An expression is a sum of products of atoms. Every atom varies along some axes, rows ``r`` or columns ``c``. Sums
over axes are means times numbers of elements; means of means are means over both axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from symopt.ir.nodes import Node, Num, Op, Reduce, Ref
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, Shape, node_shapes
from symopt.ir.trace import COLS, ROWS, SIZE
from symopt.prove.elements import NotDecidedError

# An atom is ("name", n), ("mean", axes, monomial), ("inverse", sum) or ("op", name, operands).
Atom = tuple[Any, ...]
Monomial = tuple[tuple[Atom, int], ...]
Sum = dict[Monomial, Fraction]
AXES: Mapping[Shape, str] = {SCALAR: "", PER_ROW: "r", PER_COL: "c", ELEMENT: "rc"}
COUNT = {"r": ROWS, "c": COLS}
LARGEST_POWER = 8


class Means:
    """Normal forms of expressions with means, over names of known shapes."""

    def __init__(self, shapes: Mapping[str, Shape], known: Iterable[tuple[Sum, Sum]] = ()) -> None:
        """``known`` are equations whose left sides are single atoms, to be used from left to right."""
        self.shapes = shapes
        self._divisors: list[Sum] = []
        self._known: dict[Atom, Sum] = {}
        for left, right in known:
            ((monomial, coefficient),) = left.items()
            ((atom, exponent),) = monomial
            if coefficient != 1 or exponent != 1:
                raise NotDecidedError("an equation whose left side is no single mean or name")
            self._known[atom] = right

    def __call__(self, root: Node) -> Sum:
        """The normal form of an expression.

        Raises
        ------
        NotDecidedError: it has matrices, or arrays that are not those of the parameter.
        """
        self._of = node_shapes([root], self.shapes)
        return self._sum(root)

    def _sum(self, node: Node) -> Sum:
        match node:
            case Num(value=value):
                return {(): value} if value else {}
            case Ref(name=name):
                if name == SIZE:
                    return self._power_of((("name", ROWS), 1), (("name", COLS), 1))
                return self._power_of((("name", name), 1))
            case Op(op="add" | "sub" as op, args=(a, b)):
                return add(self._sum(a), self._sum(b), Fraction(1 if op == "add" else -1))
            case Op(op="neg"):
                return add({}, self._sum(node.args[0]), Fraction(-1))
            case Op(op="mul", args=(a, b)):
                return self._times(self._sum(a), self._sum(b))
            case Op(op="div", args=(a, b)):
                return self._times(self._sum(a), self._inverse(self._sum(b)))
            case Op(op="pow", args=(a, Num(value=value))) if value.denominator == 1 and 0 <= value <= LARGEST_POWER:
                result: Sum = {(): Fraction(1)}
                for _ in range(int(value)):
                    result = self._times(result, self._sum(a))
                return result
            case Reduce(op="mean" | "sum" as op, axis=axis):
                return self._mean(node.args[0], axis, op == "sum")
            case Op(op="pow", args=(a, _)) if self._sum(a) == {(): Fraction(1)}:
                return {(): Fraction(1)}
            case Op(op=op):
                operands = tuple(_key(self._sum(arg)) for arg in node.args)
                return self._power_of((("op", op, operands), 1))
        raise NotDecidedError(f"means have no {getattr(node, 'op', type(node).__name__)}")

    def divisors(self, titles: Mapping[str, str]) -> list[str]:
        """What was divided by, as people read it; ``titles`` are names that stand for others."""
        return list(dict.fromkeys(_text(a, titles) for a in self._divisors))

    def _power_of(self, *factors: tuple[Atom, int]) -> Sum:
        (first, *rest) = factors
        if not rest and first[0] in self._known and first[1] == 1:
            return self._known[first[0]]
        return {_monomial(factors): Fraction(1)}

    def _times(self, a: Sum, b: Sum) -> Sum:
        result: Sum = {}
        for x, p in a.items():
            for y, q in b.items():
                result = add(result, {_monomial((*x, *y)): p * q})
        return result

    def _inverse(self, a: Sum) -> Sum:
        if not a:
            raise NotDecidedError("a division by zero")
        self._divisors.append(a)
        if len(a) == 1:
            ((monomial, coefficient),) = a.items()
            return {tuple((atom, -exponent) for atom, exponent in monomial): 1 / coefficient}
        return self._power_of((("inverse", _key(a)), 1))

    def _mean(self, operand: Node, axis: int | None, is_sum: bool) -> Sum:
        shape = self._of[operand]
        if shape not in AXES:
            raise NotDecidedError(f"a mean over an array of {shape}")
        axes = "rc" if axis is None else "r" if axis == 0 else "c"
        over = "".join(a for a in axes if a in AXES[shape])
        result: Sum = {}
        for monomial, coefficient in self._sum(operand).items():
            result = add(result, self._mean_of(monomial, over), coefficient)
        counts = tuple((("name", COUNT[a]), 1) for a in over) if is_sum else ()
        return self._times(result, {_monomial(counts): Fraction(1)})

    def _mean_of(self, monomial: Monomial, over: str) -> Sum:
        """The mean of a product: what does not vary comes out, and factors of rows and of columns part."""
        outside = tuple(f for f in monomial if not set(self.axes(f[0])) & set(over))
        inside = [f for f in monomial if f not in outside]
        if not inside:
            return {monomial: Fraction(1)}
        along = {f: "".join(a for a in self.axes(f[0]) if a in over) for f in inside}
        groups = (
            [[f for f in inside if along[f] == a] for a in over]
            if all(len(a) == 1 for a in along.values())
            else [inside]
        )
        result: Sum = {outside: Fraction(1)}
        for group in filter(None, groups):
            result = self._times(
                result, self._group(tuple(group), "".join(sorted({a for f in group for a in along[f]})))
            )
        return result

    def _group(self, monomial: Monomial, over: str) -> Sum:
        match monomial:
            case ((("mean", axes, inner), 1),):
                return self._power_of((("mean", "".join(sorted({*axes, *over})), inner), 1))
        return self._power_of((("mean", over, monomial), 1))

    def axes(self, atom: Atom) -> str:
        """The axes along which an atom varies."""
        match atom:
            case ("name", name):
                return "" if name in (ROWS, COLS) else AXES[self._shape(name)]
            case ("mean", axes, monomial):
                return "".join(a for a in self._axes_of([monomial]) if a not in axes)
            case ("inverse", key):
                return self._axes_of(monomial for monomial, _ in key)
        return self._axes_of(monomial for key in atom[2] for monomial, _ in key)

    def _axes_of(self, monomials: Iterable[Monomial]) -> str:
        found = {a for monomial in monomials for atom, _ in monomial for a in self.axes(atom)}
        return "".join(a for a in "rc" if a in found)

    def _shape(self, name: str) -> Shape:
        shape = self.shapes[name]
        if shape not in AXES:
            raise NotDecidedError(f"{name} is an array of {shape}")
        return shape


def add(a: Sum, b: Sum, factor: Fraction = Fraction(1)) -> Sum:
    """The sum of ``a`` and ``factor*b``."""
    result = dict(a)
    for monomial, coefficient in b.items():
        result[monomial] = result.get(monomial, Fraction(0)) + factor * coefficient
    return {monomial: c for monomial, c in result.items() if c}


def _monomial(factors: Iterable[tuple[Atom, int]]) -> Monomial:
    powers: dict[Atom, int] = {}
    for atom, exponent in factors:
        powers[atom] = powers.get(atom, 0) + exponent
    return tuple(sorted(((a, e) for a, e in powers.items() if e), key=repr))


def _key(a: Sum) -> tuple[Any, ...]:
    return tuple(sorted(a.items(), key=repr))


def _text(a: Sum, titles: Mapping[str, str]) -> str:
    """A sum as people read it."""
    parts = []
    for monomial, coefficient in a.items():
        factors = [_factor(factor, titles) for factor in monomial]
        parts.append("*".join(([str(coefficient)] if coefficient != 1 or not factors else []) + factors))
    return " + ".join(parts)


def _factor(factor: tuple[Atom, int], titles: Mapping[str, str]) -> str:
    atom, exponent = factor
    match atom:
        case ("name", name):
            text = titles.get(name, str(name))
        case ("mean", _, monomial):
            text = f"mean({_text({monomial: Fraction(1)}, titles)})"
        case ("inverse", key):
            text = f"(1/({_text(dict(key), titles)}))"
        case _:
            text = f"{atom[1]}({', '.join(_text(dict(key), titles) for key in atom[2])})"
    return text if exponent == 1 else f"{text}**{exponent}"
