"""A proof script for one identity: roots are brought to multiples of each other, then ``field`` closes it.

What is not rational gets a name: a root, an absolute value, a maximum. Two roots whose operands differ by
a square of known sign are one root times a factor, which Coq is told and asked to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symopt.coq.terms import BEFORE, Count, NotExportableError, Printer
from symopt.ir.nodes import ONE, MatOp, Node, Num, Op, Reduce, Ref, op, rebuild, ref, walk
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, NonNegative, Positive
from symopt.prove.convert import Converter
from symopt.prove.elements import Element, ForkError, NotDecidedError, Poly, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import element_node, poly_node

NAMED = ("abs", "max", "min", "sign", "where", "exp", "log", "cos", "floor")
COMPARING = ("max", "min", "abs", "sign", "lt", "le", "eq")
UNDECIDED = (ForkError, NotDecidedError, UndefinedHereError)
MOST_NAMED = 24
MORE = "its cases compare more than products of two factors"


class Script:
    """Builds the script of one identity over some names."""

    def __init__(
        self, names: Sequence[str], domains: Mapping[str, Domain], printer: Printer, hypotheses: Mapping[str, str]
    ) -> None:
        """``hypotheses`` names what says that a name lies in its domain."""
        self.hypotheses, self.domains = hypotheses, dict(domains)
        self.invented = [f"?{i}" for i in range(MOST_NAMED)]
        coq = {name: f"a{i}" for i, name in enumerate(self.invented)}
        self.print = replace(printer, names={**printer.names, **coq})
        self.general = GeneralStep((*names, *self.invented), domains)
        self.lines: list[str] = []
        self.conditions: dict[str, Node] = {}  # what is not zero, as a term; its text
        self._named: dict[Node, Node] = {}
        self._operands: dict[str, tuple[str, list[Node]]] = {}
        self._done: dict[Node, Node] = {}
        self._facts: set[str] = set()
        self._squares: list[str] = []
        self._inside = self._roots = 0

    def identity(self, left: Node, right: Node) -> list[str]:
        """The lines that prove ``left = right``.

        Raises
        ------
        NotExportableError: something has no form in Coq.
        """
        for node in walk([left, right]):
            if isinstance(node, Reduce | MatOp):
                raise NotExportableError(f"{node.op} is no operation on one element")
        if left is right:
            return ["reflexivity."]
        try:
            sides = [self._abstract(side) for side in (left, right)]
            self._denominators(sides)
            by_normal_form = self._same(*sides)
        except UNDECIDED as error:
            raise NotExportableError("a sign in it is not known") from error
        return [*self.lines, f"{self._field()}."] if by_normal_form else self._in_every_case((left, right))

    def _in_every_case(self, sides: Sequence[Node]) -> list[str]:
        """The lines for an identity that holds in every case of its comparisons, for a reason of its own in each.

        Linear arithmetic, and products of two, are what the tactics close a case with.
        """
        for node in walk(sides):
            if isinstance(node, Op) and node.op in (*COMPARING, "sqrt", "floor") and not self._is_plain(node):
                raise NotExportableError(MORE)
        self.lines, self.conditions = [], {}
        self._facts.clear()
        for node in walk(sides):
            if isinstance(node, Op) and node.op == "pow":
                self._power(node)
            if isinstance(node, Op) and node.op == "div" and not _has_names(node.args[1]):
                self._nonzero(node.args[1])
        return [*self.lines, "both_ways; one_case."]

    # Names for what is not rational

    def _abstract(self, root: Node) -> Node:
        for node in walk([root]):
            if node not in self._done:
                self._done[node] = self._without_names(node)
        return self._done[root]

    def _without_names(self, node: Node) -> Node:
        if isinstance(node, Ref | Num):
            return node
        here = rebuild(node, tuple(self._done[arg] for arg in node.args))
        if isinstance(here, Op) and here.op == "pow":
            self._power(here)
        if isinstance(here, Op) and (here.op == "sqrt" or here.op in NAMED):
            if here not in self._named:
                self._named[here] = self._root(here) if here.op == "sqrt" else self._function(here)
            return self._named[here]
        return here

    def _power(self, node: Op) -> None:
        """What is known of a power of a number between 0 and 1."""
        count = self.print.count(node.args[1])
        hypothesis = self._between(node.args[0])
        if count is None or count.base is None or hypothesis is None:
            return
        base = self.print(node.args[0])
        self._say(f"pose proof (power_between {base} {count.base} {hypothesis}).")
        for offset in range(1, count.offset + 1):
            text = replace(self.print, counts={"": Count(count.base, offset)})(op("pow", node.args[0], ref("")))
            before = "(S " * (offset - 1) + count.base + ")" * (offset - 1)
            self._say(f"assert (0 < 1 - {text}) by exact (power_below {base} {before} {hypothesis}).")

    def _between(self, base: Node) -> str | None:
        """What proves that a base lies between 0 and 1, 1 excluded."""
        if isinstance(base, Num) and 0 <= base.value < 1:
            return "ltac:(lra)"
        domain = self.domains.get(base.name) if isinstance(base, Ref) else None
        if domain is None or domain.lower is None or domain.upper is None or not isinstance(base, Ref):
            return None
        inside = domain.lower >= 0 and (domain.upper < 1 or (domain.upper == 1 and domain.upper_open))
        return "ltac:(lra)" if inside and base.name in self.hypotheses else None

    def _bounded(self, node: Op) -> Domain | None:
        """What is known of the sign of a value by its operands."""
        signs = [self._field_of_names().element_sign(self._element(arg)) for arg in node.args if node.op != "where"]
        if node.op == "sqrt":
            return Positive if signs[0].value > 0 and signs[0].strict else NonNegative
        if node.op == "max" and any(sign.value > 0 for sign in signs):
            return Positive if any(sign.value > 0 and sign.strict for sign in signs) else NonNegative
        return NonNegative if node.op == "abs" else None

    def _function(self, node: Op) -> Node:
        """A name for a value of which only this is used: equal operands give equal values."""
        operands = list(node.args)
        for name, (kind, others) in self._operands.items():
            if kind == node.op != "where" and all(self._equal(a, b) for a, b in zip(operands, others, strict=True)):
                original = op(kind, *others)
                self._denominators([*operands, *others])
                self._say(f"replace {self.print(node)} with {self.print(original)} by (f_equal; field; nonzero).")
                self._say(f"rewrite <- E{self.print(ref(name))}.")
                return ref(name)
        return self._invent(node)

    def _root(self, node: Op) -> Node:
        """A root as a multiple of one that has a name, or by a new name."""
        (operand,) = node.args
        element = self._element(operand)
        for name, other in [("", ONE), *((n, args[0]) for n, (kind, args) in self._operands.items() if kind == "sqrt")]:
            scale = self._scale(element, self._element(other))
            if scale is None:
                continue
            self._inside += 1
            factor = self._abstract(scale)
            self._inside -= 1
            self._denominators([factor, operand, other])
            said = f"sqrt {self.print(operand)} = {self.print(factor)}"
            self._roots += 1
            if name:
                coq = self.print(ref(name))
                how = f"rewrite E{coq}; apply root_of; first [ nonneg | {self._field(f'<- ?E{coq}')} ]"
                self._say(f"assert (R{self._roots} : {said} * {coq}) by ({how}).")
            else:
                how = f"apply root_of_square; first [ nonneg | {self._field()} ]"
                self._say(f"assert (R{self._roots} : {said}) by ({how}).")
            self._say(f"rewrite ?R{self._roots}.")
            return op("mul", factor, ref(name)) if name else factor
        return self._invent(node, square=self._known(element))

    def _field(self, before: str = "") -> str:
        squares = f" [{' '.join(self._squares)}]" if self._squares else ""
        return f"({f'rewrite {before}; ' if before else ''}field{squares}; nonzero)"

    def _scale(self, element: Element, other: Element) -> Node | None:
        """The root of a ratio whose sign and whose factors' signs are known; None for others."""
        field = self._field_of_names()
        try:
            root = field.sqrt(field.div(element, other))
        except UNDECIDED:
            return None
        if any(c.relation == ">= 0" for c in field.conditions.values()):
            return None
        meanings = self.general.generators.meanings
        has_roots = any(m.kind == "sqrt" and (root.num.degrees()[i] or root.den.degrees()[i])
                        for i, m in meanings.items())  # fmt: skip
        if has_roots and (self._inside or other == self._element(ONE)):
            return None
        return element_node(field, root)

    def _invent(self, node: Op, square: bool = False) -> Node:
        if len(self._operands) == MOST_NAMED:
            raise NotExportableError(f"more than {MOST_NAMED} roots and other functions in one identity")
        name = self.invented[len(self._operands)]
        self._operands[name] = (node.op, list(node.args))
        text, coq = self.print(node), self.print.names[name]
        self._say(f"remember {text} as {coq} eqn:E{coq}.")
        domain = self._bounded(node)
        if domain is not None:
            self.general.domains[name] = domain
            relation, how = ("<", "positive") if domain.lower_open else ("<=", "nonneg")
            self._say(f"assert (N{coq} : 0 {relation} {coq}) by (rewrite E{coq}; {how}).")
        if square:
            operand = self.print(node.args[0])
            self._denominators(list(node.args))
            self._say(f"assert (Q{coq} : {coq} * {coq} = {operand}) by (rewrite E{coq}; apply sqrt_sqrt; nonneg).")
            self._squares.append(f"Q{coq}")
        return ref(name)

    # The normal form of what has names

    def _field_of_names(self) -> Field:
        return Field(self.general.generators, self.general.domains)

    def _element(self, node: Node) -> Element:
        field = self._field_of_names()
        step = {STEP: field.add(field.name(BEFORE), field.one)}
        return Converter(field, step, self.general.whole)(node)

    def _is_plain(self, node: Op) -> bool:
        """Whether what is compared has no root in it, no division, and no product of more than two factors."""
        if node.op in ("sqrt", "floor"):
            return False
        elements = [self._element(self._done[arg]) for arg in node.args if node.op != "where"]
        return all(e.den.is_constant() and (e.num == 0 or e.num.total_degree() <= 2) for e in elements)

    def _same(self, a: Node, b: Node) -> bool:
        """Whether two expressions are equal where the squares of roots are what is under them."""
        field = self._field_of_names()
        left = field.sub(self._element(a), self._element(b))
        for name in reversed([n for n, (kind, _) in self._operands.items() if kind == "sqrt"]):
            left = self._without_squares(field, left.num, name)
        return bool(left.num == 0)

    def _without_squares(self, field: Field, poly: Poly, name: str) -> Element:
        """A polynomial in which the square of a root is replaced by what is under it."""
        position = self.general.generators.index[name]
        under = self._element(self._operands[name][1][0])
        total = field.zero
        for monomial, coefficient in poly.to_dict().items():
            degree = int(monomial[position])
            rest = (*monomial[:position], degree % 2, *monomial[position + 1 :])
            term = Element(self.general.generators.ring.from_dict({rest: coefficient}), self.general.generators.one)
            total = field.add(total, field.mul(term, field.power(under, degree // 2)))
        return total

    def _equal(self, a: Node, b: Node) -> bool:
        return a is b or self._field_of_names().equal(self._element(a), self._element(b))

    def _known(self, element: Element) -> bool:
        return element.num != 0 and self._field_of_names().element_sign(element).value > 0

    def _denominators(self, nodes: Sequence[Node]) -> None:
        """State that no denominator is zero, factor by factor, as facts or as conditions."""
        for node in walk(nodes):
            if isinstance(node, Op) and node.op == "div":
                self._nonzero(node.args[1])

    def _nonzero(self, node: Node) -> None:
        element, field = self._element(node), self._field_of_names()
        for factor in (f for side in element for f, _ in side.factor()[1]):
            self._nonzero_factor(field, factor)

    def _nonzero_factor(self, field: Field, factor: Poly) -> None:
        sign = field.sign(factor)
        node = poly_node(field, -factor if sign.value < 0 else factor)
        text = self.print(self._abstract(node))
        if sign.strict:
            self._say(f"assert (0 < {text}) by positive.")
        else:
            self.conditions[text] = node

    def _say(self, line: str) -> None:
        """A line, once."""
        if line not in self._facts or not line.startswith(("assert (0", "pose proof")):
            self._facts.add(line)
            self.lines.append(line)


def _has_names(root: Node) -> bool:
    return any(isinstance(node, Op) and node.op in (*NAMED, "sqrt") for node in walk([root]))
