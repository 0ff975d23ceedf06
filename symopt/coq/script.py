"""A proof script for one identity: roots are brought to multiples of each other, then ``field`` closes it.

What is not rational gets a name: a root, an absolute value, a maximum. Two roots whose operands differ by
a square of known sign are one root times a factor, which Coq is told and asked to check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from symopt.coq.terms import BEFORE, Count, NotExportableError, Printer
from symopt.ir.nodes import Node, Num, Op, Ref, op, rebuild, ref, walk
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, NonNegative
from symopt.prove.convert import Converter
from symopt.prove.elements import Element, ForkError, NotDecidedError, Poly, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import element_node, poly_node

NAMED = ("abs", "max", "min", "sign", "where", "exp", "log", "cos")
UNDECIDED = (ForkError, NotDecidedError, UndefinedHereError)
MOST_NAMED = 24


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

    def identity(self, left: Node, right: Node) -> list[str]:
        """The lines that prove ``left = right``.

        Raises
        ------
        NotExportableError: something has no form in Coq.
        """
        if left is right:
            return ["reflexivity."]
        try:
            sides = [self._abstract(side) for side in (left, right)]
            self._denominators(sides)
        except UNDECIDED as error:
            raise NotExportableError("a sign in it is not known") from error
        with_squares = f" [{' '.join(self._squares)}]" if self._squares else ""
        return [*self.lines, f"field{with_squares}; nonzero."]

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
        return self._invent(node, {"abs": "Rabs_pos"}.get(node.op))

    def _root(self, node: Op) -> Node:
        """A root as a multiple of one that has a name, or by a new name."""
        (operand,) = node.args
        element = self._element(operand)
        whole = self._scale(element)
        if whole is not None:
            factor = self._abstract(whole)
            self._denominators([factor, operand])
            self._say(f"rewrite (root_of_square {self.print(operand)} {self.print(factor)}) by "
                      f"first [ nonneg | {self._field()} ].")  # fmt: skip
            return factor
        for name, (kind, others) in list(self._operands.items()):
            if kind != "sqrt":
                continue
            field = self._field_of_names()
            other = self._element(others[0])
            scale = self._scale(field.div(element, other)) if other.num != 0 else None
            if scale is None:
                continue
            factor = self._abstract(scale)
            self._denominators([factor, operand, others[0]])
            terms = [self.print(n) for n in (operand, factor, others[0])]
            self._say(f"rewrite (root_of {' '.join(terms)}) by first [ nonneg | {self._field()} ].")
            self._say(f"rewrite <- E{self.print(ref(name))}.")
            return op("mul", factor, ref(name))
        return self._invent(node, "sqrt_pos", square=self._known(element))

    def _field(self) -> str:
        squares = f" [{' '.join(self._squares)}]" if self._squares else ""
        return f"(field{squares}; nonzero)"

    def _scale(self, element: Element) -> Node | None:
        """The root of an element whose sign and whose factors' signs are known; None for others."""
        field = self._field_of_names()
        try:
            root = field.sqrt(element)
        except UNDECIDED:
            return None
        if any(c.relation == ">= 0" for c in field.conditions.values()):
            return None
        roots = [i for i in self.general.generators.meanings if root.num.degrees()[i] or root.den.degrees()[i]]
        kinds = {self.general.generators.meanings[i].kind for i in roots}
        if "sqrt" in kinds and not self._worthwhile(element):
            return None
        return element_node(field, root)

    def _worthwhile(self, element: Element) -> bool:
        """Whether an element is no polynomial that is irreducible itself: else its root is a name."""
        factors = [*element.num.factor()[1], *element.den.factor()[1]]
        return not (element.den.is_constant() and len(factors) == 1 and int(factors[0][1]) == 1)

    def _invent(self, node: Op, bound: str | None, square: bool = False) -> Node:
        if len(self._operands) == MOST_NAMED:
            raise NotExportableError(f"more than {MOST_NAMED} roots and other functions in one identity")
        name = self.invented[len(self._operands)]
        self._operands[name] = (node.op, list(node.args))
        text, coq = self.print(node), self.print.names[name]
        self._say(f"remember {text} as {coq} eqn:E{coq}.")
        if bound is not None:
            self.general.domains[name] = NonNegative
            self._say(f"assert (N{coq} : 0 <= {coq}) by (rewrite E{coq}; apply {bound}).")
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
