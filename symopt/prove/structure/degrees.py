"""The degree of every value of a rule: by which power of a factor it is multiplied.

A sum, a maximum or a comparison asks for operands of one degree; a product adds degrees, a root halves
them. The same rules follow a positive factor, the sign of a factor (exponents modulo 2) and units, in
which the powers of the units are the degrees. Where every equation holds, induction over the operations and
over the steps shows that the rule is homogeneous; where one fails, nothing is said but that.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.ir.nodes import MATRIX_OPS, MODEL_REDUCTIONS, REDUCTIONS, ZERO, MatOp, Node, Num, Op, Reduce, Ref
from symopt.ir.trace import PARAMETER, Trace
from symopt.prove.render import node_text
from symopt.prove.structure.forms import NONE, Exponents, Form

HALF = Fraction(1, 2)
# Their operands and their values have degree 0: no power of a factor can be taken out of them.
WITHOUT_DEGREE = frozenset({"exp", "log", "cos", "floor"})


class Degrees:
    """The degrees of the statements of a trace, from those of its inputs."""

    def __init__(self, trace: Trace, known: Mapping[str, Form], modulus: int = 0, each: bool = False) -> None:
        """``known`` are the degrees of some inputs; those of all others are found. ``each``: every element has a
        factor of its own, so that what is taken over several of them has to have degree 0."""
        self.trace, self.each = trace, each
        self.exponents = Exponents(modulus)
        self.of: dict[str, Form] = {
            name: known[name] if name in known else self.exponents.unknown(name) for name in trace.inputs
        }
        self._done: dict[Node, Form] = {}
        self._statement = ""
        self._zeros = 0

    def solve(self) -> None:
        """Follow a step, and ask that it keeps the degree of every state.

        Raises
        ------
        ContradictionError: a degree is not what an operation asks for.
        """
        for state in self.trace.states:
            self._statement = f"the first value of {state.name}"
            self._same(self.degree(state.init), self.of[state.name], f"{state.name} and its first value")
        for let in self.trace.lets:
            self._statement = f"{let.target} = {node_text(let.value)}"
            self.of[let.name] = self.degree(let.value)
        for query in self.trace.queries:
            self._point(query.point)
        for name, let_name in self.trace.results.items():
            self._statement = f"the new value of {name}"
            self._same(self.of[let_name], self.of[name], f"{name} before and after a step")

    def _point(self, point: Node) -> None:
        self._statement = f"the point {node_text(point)} of a gradient"
        self._same(self.degree(point), self.of[PARAMETER], f"{node_text(point)} and {PARAMETER}")

    def _same(self, a: Form, b: Form, what: str) -> Form:
        self.exponents.equate(a, b, what, self._statement)
        return a

    def degree(self, node: Node) -> Form:
        """The degree of an expression."""
        if node is ZERO:  # zero has every degree, another one wherever it is written
            self._zeros += 1
            return self.exponents.unknown(f"zero.{self._zeros}")
        if node not in self._done:
            self._done[node] = self._degree(node)
        return self._done[node]

    def _degree(self, node: Node) -> Form:
        match node:
            case Num():
                return NONE
            case Ref(name=name):
                return self.of[name]
            case Reduce(op=op):
                return self._over_elements(op, self.degree(node.args[0]), node.args[0])
            case MatOp():
                return self._of_matrices(node)
        assert isinstance(node, Op)
        return self._of_operation(node)

    def _of_operation(self, node: Op) -> Form:
        combine = self.exponents.combine
        if node.op == "pow":
            return self._power(*node.args)
        first, *rest = forms = [self.degree(arg) for arg in node.args]
        match node.op:
            case "mul":
                return combine((1, first), (1, rest[0]))
            case "div":
                return combine((1, first), (-1, rest[0]))
            case "neg":
                return first
            case "sqrt":
                return self._root(first, node.args[0])
            case "abs":
                return NONE if self._is_sign else first
            case "sign":
                return first if self._is_sign else NONE
            case "where":
                return self._same(rest[0], rest[1], _both(node.args[1], node.args[2]))
            case "and" | "or" | "not":
                return NONE
            case op if op in WITHOUT_DEGREE:
                return self._zero(first, node.args[0])
        # Sums, differences, maxima, minima and comparisons.
        self._same(forms[0], forms[1], _both(*node.args))
        return first if node.op in ("add", "sub", "eq") else self._ordered(first, node.args[0])

    @property
    def _is_sign(self) -> bool:
        return bool(self.exponents.modulus)

    def _zero(self, form: Form, node: Node) -> Form:
        return self._same(form, NONE, f"{node_text(node)} and a plain number")

    def _ordered(self, form: Form, node: Node) -> Form:
        """What is ordered may be multiplied by a positive factor, not by a negative one."""
        return self._zero(form, node) if self._is_sign else form

    def _root(self, form: Form, node: Node) -> Form:
        return self._zero(form, node) if self._is_sign else self.exponents.combine((HALF, form))

    def _power(self, base: Node, exponent: Node) -> Form:
        form = self.degree(base)
        if isinstance(exponent, Num) and (not self._is_sign or exponent.value.denominator == 1):
            return self.exponents.combine((exponent.value, form))
        self._zero(self.degree(exponent), exponent)
        return self._zero(form, base)

    def _over_elements(self, op: str, form: Form, node: Node) -> Form:
        assert op in REDUCTIONS or op in MODEL_REDUCTIONS
        if self.each:
            return self._zero(form, node)
        return self._ordered(form, node) if op in ("amax", "amin") else form

    def _of_matrices(self, node: MatOp) -> Form:
        assert node.op in MATRIX_OPS
        first, *rest = [self.degree(arg) for arg in node.args]
        if self.each:
            for arg, form in zip(node.args, (first, *rest), strict=True):
                self._zero(form, arg)
            return NONE
        match node.op:
            case "matmul":
                return self.exponents.combine((1, first), (1, rest[0]))
            case "orthogonal":
                # The diagonal of the other factor is positive, so a sign stays in this one.
                return first if self._is_sign else NONE
            case "eigenbasis":
                return self._zero(first, node.args[0]) if self._is_sign else NONE
            case "inverse_root":
                self._same(first, rest[0], _both(node.args[0], node.args[1]))
                order = node.args[2]
                if self._is_sign or not isinstance(order, Num):
                    return self._zero(first, node.args[0])
                return self.exponents.combine((-1 / order.value, first))
        return first


def _both(a: Node, b: Node) -> str:
    return f"{node_text(a)} and {node_text(b)}"
