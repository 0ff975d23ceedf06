"""A normal form for recognising what compilers of formulas do: products and sums in one order, quotients as one.

Nothing is expanded and no factor is cancelled, so that two expressions with the same normal form are the same number
wherever both are defined.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from fractions import Fraction
from hashlib import blake2b

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, num, op, reduce, ref, walk
from symopt.ir.trace import COLS, ROWS, SIZE
from symopt.passes import build
from symopt.passes.fold import FALSE, TRUE

MOST_FACTORS = 8
ROW_AXIS, COL_AXIS = 0, 1
BOTH = frozenset({ROW_AXIS, COL_AXIS})
EXTENT: Mapping[frozenset[int], str] = {BOTH: SIZE, frozenset({0}): ROWS, frozenset({1}): COLS}
Axes = Mapping[str, Collection[int]]


class Normal:
    """Normal forms of expressions; ``axes`` are those that arrays vary over, both where a name is not listed.

    ``numbers`` are the names that are the same for all elements.
    """

    def __init__(self, numbers: Collection[str], axes: Axes | None = None) -> None:
        self.numbers, self.axes = frozenset(numbers), dict(axes or {})
        self._done: dict[Node, Node] = {}
        self._over: dict[Node, frozenset[int]] = {}
        self._keys: dict[Node, str] = {}
        self._order: dict[str, str] = {}

    def __call__(self, root: Node) -> Node:
        """The normal form."""
        for node in walk([root], self._done):
            self._done[node] = self._once(node, tuple(self._done[arg] for arg in node.args))
        return self._done[root]

    def factors(self, root: Node) -> tuple[Fraction, list[Node]]:
        """The number and the factors of the normal form of a product; of a quotient, of what stands above the line."""
        over: list[Node] = []
        size = _factors(self(root), over, [], self._split)
        return size, over

    def parts(self, root: Node) -> tuple[Node, Node]:
        """The normal form as what is the same for all elements, times what is not."""
        over: list[Node] = []
        under: list[Node] = []
        size = _factors(self(root), over, under, self._split)
        if size == 0:
            return num(0), num(1)
        outside, inside = ([[f for f in side if self._varies(f) is varies] for side in (over, under)]
                           for varies in (False, True))  # fmt: skip
        return self._scaled(size, self._quotient(*outside)), self._quotient(*inside)

    def key(self, root: Node) -> str:
        """A text by which expressions are sorted, the same in every run."""
        for node in walk([root], self._keys):
            what = getattr(node, "op", getattr(node, "name", getattr(node, "value", "")))
            text = f"{type(node).__name__}:{what}:{getattr(node, 'axis', '')}"
            text += "(" + ",".join(self._keys[arg] for arg in node.args) + ")"
            self._keys[node] = self._order.setdefault(text, _short(text))
        return self._keys[root]

    def over(self, root: Node) -> frozenset[int]:
        """The axes that an expression varies over."""
        for node in walk([root], self._over):
            self._over[node] = self._axes_once(node)
        return self._over[root]

    def _axes_once(self, node: Node) -> frozenset[int]:
        match node:
            case Ref(name=name):
                return frozenset() if name in self.numbers else frozenset(self.axes.get(name, BOTH))
            case Reduce(axis=axis, args=(inner,)):
                return frozenset() if axis is None else self._over[inner] - {axis}
            case MatOp():
                return BOTH
        return frozenset().union(*(self._over[arg] for arg in node.args))

    def _once(self, node: Node, args: tuple[Node, ...]) -> Node:
        match node:
            case Num() | Ref():
                return node
            case Reduce():
                return self._reduction(node, args[0])
            case MatOp(op="transpose"):
                return self._transposed(args[0])
            case MatOp(op="matmul"):
                return self._matrix_product(*args)
            case MatOp():
                return build.matrix(node.op, *args)
            case Op(op="add" | "sub" | "neg"):
                return self._sum(op(node.op, *args))
            case Op(op="mul" | "div"):
                return self._product(op(node.op, *args))
            case Op(op="abs"):
                size, inner = self._split(args[0])
                return self._scaled(abs(size), build.apply("abs", inner))
            case Op(op="sign"):
                size, inner = self._split(args[0])
                return self._scaled(Fraction((size > 0) - (size < 0)), build.apply("sign", inner))
            case Op(op="max" | "min" | "and" | "or" | "eq"):
                return build.apply(node.op, *sorted(args, key=self.key))
            case Op(op="where"):
                return self._choice(*args)
            case Op(op="not"):
                return build.negated(args[0])
            case Op(op="pow"):
                return self._power(*args)
        return build.rebuilt(node, args)

    def _power(self, base: Node, exponent: Node) -> Node:
        """A power; a small whole one as a product."""
        if isinstance(exponent, Num) and exponent.value.denominator == 1 and 2 <= abs(exponent.value) <= MOST_FACTORS:
            product = self._multiplied([])
            for _ in range(abs(exponent.value.numerator)):
                product = self._product(op("mul", product, base))
            return product if exponent.value > 0 else self._product(op("div", num(1), product))
        power = build.power(base, exponent)
        return self._product(power) if isinstance(power, Op) and power.op in ("mul", "div") else power

    def _choice(self, condition: Node, a: Node, b: Node) -> Node:
        if condition in (TRUE, FALSE) or a is b:
            return a if condition is not FALSE else b
        if isinstance(condition, Op) and condition.op in ("lt", "le") and condition.args in ((a, b), (b, a)):
            return build.apply("max" if condition.args == (b, a) else "min", *sorted((a, b), key=self.key))
        return build.where(condition, a, b)

    # Matrices

    def _transposed(self, root: Node) -> Node:
        """The transpose, of names and reductions alone: that of a sum is the sum of transposes, and so on."""
        done: dict[Node, Node] = {}
        for node in walk([root]):
            turned = tuple(done[arg] for arg in node.args)
            match node:
                case Op():
                    done[node] = self._normal_once(node, turned) if self.over(node) else node
                case MatOp(op="matmul"):
                    done[node] = self._normal_once(node, (turned[1], turned[0]))
                case _:
                    done[node] = build.matrix("transpose", node) if self.over(node) else node
        return done[root]

    def _matrix_product(self, a: Node, b: Node) -> Node:
        """A product of matrices, with the numbers that multiply them taken out."""
        out: list[list[Node]] = [[], []]
        size, factors = Fraction(1), []
        for matrix in (a, b):
            over: list[Node] = []
            under: list[Node] = []
            size *= _factors(matrix, over, under, self._split)
            for side, items in zip(out, (over, under), strict=True):
                side += [item for item in items if not self.over(item)]
            kept = ([item for item in items if self.over(item)] for items in (over, under))
            factors.append(self._quotient(*kept))
        product = build.matrix("matmul", *factors)
        return self._product(op("mul", self._scaled(size, self._quotient(*out)), product))

    def _normal_once(self, node: Node, args: tuple[Node, ...]) -> Node:
        """One operation over operands in normal form, remembered as its own normal form."""
        found = self._once(node, args)
        self._done.setdefault(found, found)
        return found

    # Sums

    def _sum(self, node: Node) -> Node:
        terms: dict[Node, Fraction] = {}
        _collect(node, Fraction(1), terms, self._split)
        kept = sorted(((term, size) for term, size in terms.items() if size), key=lambda item: self.key(item[0]))
        if not kept:
            return num(0)
        if len(kept) == 1:
            return self._scaled(kept[0][1], kept[0][0])
        first = kept[0][1]
        total: Node | None = None
        for term, size in kept:
            scaled = self._scaled(size / first, term)
            total = scaled if total is None else op("add", total, scaled)
        assert total is not None
        return self._scaled(first, total)

    def _split(self, node: Node) -> tuple[Fraction, Node]:
        """A number and what it multiplies."""
        if isinstance(node, Num):
            return node.value, num(1)
        if isinstance(node, Op) and node.op == "mul" and isinstance(node.args[0], Num):
            return node.args[0].value, node.args[1]
        return Fraction(1), node

    def _scaled(self, size: Fraction, node: Node) -> Node:
        own, inner = self._split(node)
        size *= own
        if size == 1 or inner is num(1) or size == 0:
            return inner if size == 1 else num(size)
        return op("mul", num(size), inner)

    # Products

    def _product(self, node: Node) -> Node:
        over: list[Node] = []
        under: list[Node] = []
        size = _factors(node, over, under, self._split)
        if size == 0:
            return num(0)
        above, below = self._multiplied(over), self._multiplied(under)
        return self._scaled(size, above if below is num(1) else op("div", above, below))

    def _multiplied(self, factors: Iterable[Node]) -> Node:
        result: Node = num(1)
        for factor in sorted(factors, key=self.key):
            result = factor if result is num(1) else op("mul", result, factor)
        return result

    # Reductions

    def _reduction(self, node: Reduce, inner: Node) -> Node:
        over = self.over(node.args[0])
        if node.axis is None or node.axis in over:
            taken = over if node.axis is None else frozenset({node.axis})
        else:
            taken = frozenset()
        axis = None if taken == over else node.axis
        if node.op == "mean":
            if any(isinstance(part, MatOp) for part in walk([inner])):  # whose extents may be others
                return reduce("mean", inner, node.axis)
            if not taken:
                return inner
            count = ref(EXTENT[taken])
            total = self._total("sum", inner, axis)
            return self._product(op("div", total, count))
        if node.op in ("amax", "amin") and not taken:
            return inner
        return self._total(node.op, inner, axis)

    def _total(self, name: str, inner: Node, axis: int | None) -> Node:
        if isinstance(inner, Reduce) and inner.op == name and inner.axis is not None and axis != inner.axis:
            return self._total(name, inner.args[0], None)
        if isinstance(inner, Reduce) and (inner.op, inner.axis, name) == ("sum", None, "model_sum"):
            return reduce(name, inner.args[0])
        if name in ("sum", "model_sum"):
            size, rest = self._split(inner)
            if rest is not num(1):
                return self._without_numbers(name, size, rest, axis)
        return reduce(name, inner, axis)

    def _without_numbers(self, name: str, size: Fraction, inner: Node, axis: int | None) -> Node:
        """A sum with the factors that are the same for all elements taken out."""
        over: list[Node] = []
        under: list[Node] = []
        size *= _factors(inner, over, under, self._split)
        kept = [[f for f in factors if self._varies(f)] for factors in (over, under)]
        out = [[f for f in factors if not self._varies(f)] for factors in (over, under)]
        if (not kept[0] and not kept[1]) or name == "model_sum":
            return self._scaled(size, reduce(name, inner, axis))
        rest = self._quotient(*kept)
        return self._product(op("mul", self._scaled(size, self._quotient(*out)), reduce(name, rest, axis)))

    def _quotient(self, over: list[Node], under: list[Node]) -> Node:
        above, below = self._multiplied(over), self._multiplied(under)
        return above if below is num(1) else op("div", above, below)

    def _varies(self, node: Node) -> bool:
        return bool(self.over(node))


def _collect(
    root: Node, size: Fraction, terms: dict[Node, Fraction], split: Callable[[Node], tuple[Fraction, Node]]
) -> None:
    stack = [(root, size)]
    while stack:
        node, size = stack.pop()
        own, inner = split(node)
        size *= own
        match inner:
            case Op(op="add", args=(a, b)):
                stack += [(a, size), (b, size)]
            case Op(op="sub", args=(a, b)):
                stack += [(a, size), (b, -size)]
            case Op(op="neg", args=(a,)):
                stack.append((a, -size))
            case _:
                terms[inner] = terms.get(inner, Fraction(0)) + size


def _factors(
    root: Node, over: list[Node], under: list[Node], split: Callable[[Node], tuple[Fraction, Node]]
) -> Fraction:
    """The factors above and below the line, and the number before them."""
    size = Fraction(1)
    stack = [(root, True)]
    while stack:
        node, is_over = stack.pop()
        match node:
            case Num(value=value) if value != 0 or is_over:
                size = size * value if is_over else size / value
            case Op(op="mul", args=(a, b)):
                stack += [(a, is_over), (b, is_over)]
            case Op(op="div", args=(a, b)) if is_over:
                stack += [(a, is_over), (b, not is_over)]
            case Op(op="neg", args=(a,)):
                size = -size
                stack.append((a, is_over))
            case _:
                (over if is_over else under).append(node)
    return size


def _short(text: str) -> str:
    return blake2b(text.encode(), digest_size=12).hexdigest()
