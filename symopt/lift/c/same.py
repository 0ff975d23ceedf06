"""Whether two expressions of a lifted function are the same number: by their normal form, else by a proof."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from symopt.ir.nodes import MatOp, Node, Op, Reduce, Ref, rebuild, ref, refs, walk
from symopt.ir.trace import SIZES, STEP
from symopt.lang.domain import Domain, NonNegative, PositiveInteger, Real
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.normal import Axes, Normal
from symopt.prove.same import provably_same

Same = Callable[[Node, Node], bool]
LIMIT = 2.0  # seconds for a proof


class Sameness:
    """The test for expressions over hyper-parameters with domains, the step, arrays and numbers.

    Parameters
    ----------
    numbers: what is the same for all elements besides hyper-parameters.
    axes: what arrays vary over, where that is not rows and columns.
    """

    def __init__(
        self, domains: Mapping[str, Domain], arrays: Collection[str], numbers: Collection[str] = (),
        axes: Axes | None = None,
    ) -> None:  # fmt: skip
        self.normal = Normal({*domains, *numbers, STEP, *SIZES}, axes)
        self.domains = {**domains, **dict.fromkeys((STEP, *SIZES), PositiveInteger)}
        self.arrays = frozenset(arrays)
        self.names = tuple(dict.fromkeys((*self.domains, *numbers, *arrays)))
        self._found: dict[tuple[Node, Node], bool] = {}

    def __call__(self, a: Node, b: Node) -> bool:
        """Whether they are the same wherever both are defined."""
        if a is b:
            return True
        x, y = self.normal(a), self.normal(b)
        if x is y:
            return True
        if (x, y) not in self._found:
            self._found[x, y] = self._proved(x, y)
        return self._found[x, y]

    def _proved(self, x: Node, y: Node) -> bool:
        """Whether a proof is found, with names in the place of what the prover need not look into.

        These are reductions and matrix operations, and the roots of what depends on elements: whether a state is
        such that they are defined is no matter of one step.
        """
        done: dict[Node, Node] = {}
        named: list[tuple[Node, str, Domain]] = []
        for node in walk([x, y]):
            done[node] = rebuild(node, tuple(done[arg] for arg in node.args))
            if self._is_opaque(node):
                done[node] = ref(self._name(done[node], named))
        domains = self.domains | {name: domain for _, name, domain in named}
        # Other names, as those of matrices that operations gave, may be any numbers.
        names = tuple(dict.fromkeys((*self.names, *(name for _, name, _ in named), *refs(done[x], done[y]))))
        try:
            return provably_same(done[x], done[y], names, domains, Deadline.after(LIMIT))
        except OutOfTimeError:
            return False

    def _is_opaque(self, node: Node) -> bool:
        if isinstance(node, Op) and node.op == "sqrt":
            return not self.arrays.isdisjoint(refs(node))
        return isinstance(node, Reduce | MatOp)

    def _name(self, node: Node, named: list[tuple[Node, str, Domain]]) -> str:
        """A name for a value, the same for values that are the same."""
        for other, name, _ in named:
            if other is node or self._are_same_roots(other, node):
                return name
        name = f"whole {len(named)}"
        named.append((node, name, NonNegative if isinstance(node, Op) else Real))
        return name

    def _are_same_roots(self, a: Node, b: Node) -> bool:
        known = set(self.names)
        if not isinstance(a, Op) or not isinstance(b, Op):
            return False
        if any(isinstance(node, Ref) and node.name not in known for node in walk([a, b])):
            return False
        return self(a.args[0], b.args[0])
