"""Freeze: a recording's SymPy statements become a trace over the graph.

SymPy keeps sums and products as unordered bags, so an order is chosen here, once, and it decides how
every kernel rounds: inside a product the factors that vary least come first (what is constant over a
step is multiplied once a step), and a quotient is one division of the product of the numerators by
the product of the denominators; inside a sum what varies most comes first, then what was declared
first, positive terms before negative ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from math import isfinite

import sympy as sp
from sympy.core.relational import Equality, GreaterThan, LessThan, StrictGreaterThan, StrictLessThan, Unequality

from symopt.errors import SpecError
from symopt.ir.nodes import MATRIX_OPS, MODEL_REDUCTIONS, ONE, REDUCTIONS, Node, Num, matop, num, op, reduce, ref, refs
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.shape import Shape, let_shapes
from symopt.ir.trace import PARAMETER, STEP, HyperInfo, Let, Query, StateInfo, Trace
from symopt.lang.declare import GIVEN
from symopt.lang.domain import exact_number
from symopt.lang.ops import Opaque
from symopt.lang.recording import Recording

RELATIONS: Mapping[type, Callable[[Node, Node], Node]] = {
    StrictLessThan: lambda a, b: op("lt", a, b),
    LessThan: lambda a, b: op("le", a, b),
    StrictGreaterThan: lambda a, b: op("lt", b, a),
    GreaterThan: lambda a, b: op("le", b, a),
    Equality: lambda a, b: op("eq", a, b),
    Unequality: lambda a, b: op("not", op("eq", a, b)),
}
# SymPy's own functions, for authors who use them instead of those of the language.
FUNCTIONS: Mapping[type, str] = {
    sp.exp: "exp", sp.log: "log", sp.cos: "cos", sp.floor: "floor", sp.Abs: "abs", sp.sign: "sign",
}  # fmt: skip
FOLDS: Mapping[type, str] = {sp.Max: "max", sp.Min: "min", sp.And: "and", sp.Or: "or"}
# The graph has rational numbers only: the decimals of pi that every implementation in float64 uses.
PI = num(Fraction("3.141592653589793"))


def freeze(recording: Recording) -> Trace:
    """The trace of a recording. Rounding: decided here, for every backend alike.

    Raises
    ------
    SpecError: an expression holds a function that the graph has not; the message gives its place.
    """
    # Shapes and rates do not depend on the order of sums and products, and the order depends on them.
    unordered = _frozen(recording, {}, {})
    shapes = let_shapes(unordered)
    return _frozen(recording, let_rates(unordered, shapes), shapes)


def _frozen(recording: Recording, rates: Mapping[str, Rate], shapes: Mapping[str, Shape]) -> Trace:
    rule = recording.rule
    names = _final_names(recording)
    freezer = _Freezer(recording, names, rates, shapes)
    lets = []
    for statement in recording.statements:
        value = freezer.statement(statement.symbol.name, statement.value, str(statement.place))
        lets.append(Let(names[statement.symbol.name], value, statement.target, str(statement.place)))
    last = {statement.target: names[statement.symbol.name] for statement in recording.statements}
    return Trace(
        name=rule.name,
        title=rule.title,
        hypers=tuple(
            HyperInfo(name, exact_number(hyper.default), hyper.tex or name_tex(name), hyper.domain)
            for name, hyper in recording.hypers.items()
        ),
        states=tuple(
            StateInfo(name, _initial(state.init), state.tex or name_tex(name))
            for name, state in recording.states.items()
        ),
        queries=tuple(Query(q.name, freezer.node(q.point)) for q in recording.queries),
        lets=tuple(lets),
        results={name: last[name] for name in (PARAMETER, *recording.states)},
        scheduled={hyper: last[target] for hyper, target in recording.scheduled.items()},
        doc=" ".join((type(rule).__doc__ or "").split()),
        source=rule.source,
        given=tuple(name for name in GIVEN if name in recording.given),
        draws=tuple(recording.draws),
    )


def _final_names(recording: Recording) -> dict[str, str]:
    """Symbol -> name in the trace: the last value of an input is ``x_new``, earlier ones ``x_1``, ``x_2``."""
    inputs = {PARAMETER, *recording.states}
    taken = {*inputs, *recording.hypers, STEP, *(query.name for query in recording.queries), *recording.draws}
    versions = Counter(statement.target for statement in recording.statements)
    names: dict[str, str] = {}
    for statement in recording.statements:
        target, version = statement.symbol.name.split("@")
        is_last = int(version) == versions[target]
        name = f"{target}_{version}" if not is_last else f"{target}_new" if target in inputs else target
        while name in taken:
            name += "x"
        taken.add(name)
        names[statement.symbol.name] = name
    return names


def _initial(init: int | float | Fraction | str) -> Node:
    return ref(init) if isinstance(init, str) else num(exact_number(init))


def name_tex(name: str) -> str:
    """A symbol for a name without one: ``m`` is itself, a longer name is set upright."""
    return name if len(name) == 1 else rf"\mathrm{{{name.replace('_', chr(92) + '_')}}}"


class _Freezer:
    """Turns SymPy expressions into nodes, in the order that rates and declarations give.

    Without rates everything counts as varying alike.
    """

    def __init__(
        self, recording: Recording, names: Mapping[str, str], rates: Mapping[str, Rate], shapes: Mapping[str, Shape]
    ) -> None:
        arrays = [PARAMETER, *recording.states, *(query.name for query in recording.queries), *recording.draws]
        self.names, self.rates, self.shapes = names, rates, shapes
        self._rates: dict[Node, Rate] = {}
        self.rank = {name: i for i, name in enumerate([*recording.hypers, STEP, *recording.given, *arrays])}

    def statement(self, symbol: str, value: sp.Basic, place: str) -> Node:
        """The value of a statement; its name is known afterwards."""
        try:
            node = self.node(value)
        except SpecError as error:
            raise SpecError(f"{place}: {error}") from None
        self.rank[self.names[symbol]] = len(self.rank)
        return node

    def node(self, value: sp.Basic) -> Node:
        """The graph of one expression."""
        match value:
            case sp.Symbol():
                return ref(self.names.get(value.name, value.name))
            case sp.core.numbers.Pi():
                return PI
            case sp.Float() if isfinite(float(value)):
                return num(exact_number(float(value)))
            case sp.Rational():
                return num(Fraction(int(value.p), int(value.q)))
            case sp.Add():
                return self._sum(value)
            case sp.Mul() | sp.Pow():
                return self._product(value)
            case sp.Not():
                return op("not", self.node(value.args[0]))
            case Opaque():
                return self._opaque(value)
        kind = type(value)
        if kind not in {*RELATIONS, *FUNCTIONS, *FOLDS}:
            hint = "; write where(condition, a, b)" if kind is sp.Piecewise else ""
            raise SpecError(f"{kind.__name__} is no operation of an update rule: {value}{hint}")
        args = [self.node(arg) for arg in value.args]
        if kind in RELATIONS:
            return RELATIONS[kind](*args)
        if kind in FUNCTIONS:
            return op(FUNCTIONS[kind], *args)
        return _fold(FOLDS[kind], sorted(args, key=self._rank))

    def _opaque(self, value: Opaque) -> Node:
        if value.op in MATRIX_OPS:
            like = [ref(PARAMETER)] if value.op == "unwide" else []
            return matop(value.op, *map(self.node, value.args), *like)
        if value.op in REDUCTIONS:
            axis = int(value.args[1]) if len(value.args) == 2 else None
            return reduce(value.op, self.node(value.args[0]), axis)
        if value.op in MODEL_REDUCTIONS:
            return reduce(value.op, self.node(value.args[0]))
        return op(value.op, *map(self.node, value.args))

    def _sum(self, value: sp.Add) -> Node:
        positive: list[Node] = []
        negative: list[Node] = []
        for term in value.args:
            minus = term.could_extract_minus_sign() if not isinstance(term, sp.Add) else False
            (negative if minus else positive).append(self.node(-term if minus else term))
        order = sorted(positive, key=self._varying_first), sorted(negative, key=self._varying_first)
        if not order[0]:
            return op("neg", _fold("add", order[1]))
        return _fold("sub", [_fold("add", order[0]), *order[1]])

    def _product(self, value: sp.Mul | sp.Pow) -> Node:
        above: list[Node] = []
        below: list[Node] = []
        sign = 1
        for factor in sp.Mul.make_args(value):
            if isinstance(factor, sp.Rational) and not isinstance(factor, sp.Symbol):
                sign = -1 if factor < 0 else 1
                above += [num(abs(int(factor.p)))] if abs(factor.p) != 1 else []
                below += [num(int(factor.q))] if factor.q != 1 else []
                continue
            base, exponent = factor.as_base_exp()
            inverse = exponent.could_extract_minus_sign()
            (below if inverse else above).append(self._power(base, -exponent if inverse else exponent))
        product = _fold("mul", sorted(above, key=self._constant_first) or [ONE])
        if below:
            product = op("div", product, _fold("mul", sorted(below, key=self._constant_first)))
        return op("neg", product) if sign < 0 else product

    def _power(self, base: sp.Basic, exponent: sp.Basic) -> Node:
        if base is sp.E:
            return op("exp", self.node(exponent))
        if exponent == 1:
            return self.node(base)
        if exponent == sp.Rational(1, 2):
            return op("sqrt", self.node(base))
        return op("pow", self.node(base), self.node(exponent))

    def _rate(self, node: Node) -> int:
        if not self.rates:
            return 0
        if node not in self._rates:
            self._rates |= node_rates([node], self.rates, self.shapes)
        return int(self._rates[node])

    def _rank(self, node: Node) -> tuple[int, str]:
        from_names = [self.rank[name] for name in refs(node)]
        return (max(from_names, default=-1), repr(_shape(node)))

    def _varying_first(self, node: Node) -> tuple[int, int, int, str]:
        constant = 0 if isinstance(node, Num) else 1
        return (-self._rate(node), constant, *self._rank(node))

    def _constant_first(self, node: Node) -> tuple[int, int, int, str]:
        constant = 0 if isinstance(node, Num) else 1
        return (self._rate(node), constant, *self._rank(node))


def _shape(node: Node) -> tuple[object, ...]:
    """A key that orders expressions over the same names, the same in every run."""
    label = getattr(node, "op", getattr(node, "name", getattr(node, "value", "")))
    return (str(label), *map(_shape, node.args))


def _fold(name: str, nodes: list[Node]) -> Node:
    """``nodes`` combined from left to right."""
    result = nodes[0]
    for node in nodes[1:]:
        result = op(name, result, node)
    return result
