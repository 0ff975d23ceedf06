"""Whether two expressions of a lifted function are the same number: by their normal form, else by a proof."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from symopt.ir.nodes import MatOp, Node, Reduce, rebuild, ref, walk
from symopt.ir.trace import SIZES, STEP
from symopt.lang.domain import Domain, PositiveInteger
from symopt.lift.c.normal import Axes, Normal
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.same import provably_same

Same = Callable[[Node, Node], bool]
LIMIT = 2.0  # seconds for a proof


def sameness(
    domains: Mapping[str, Domain], arrays: Collection[str], numbers: Collection[str] = (), axes: Axes | None = None
) -> Same:
    """The test for expressions over hyper-parameters with domains, the step, arrays and numbers."""
    normal = Normal({*domains, *numbers, STEP, *SIZES}, axes)
    known = {**domains, **dict.fromkeys((STEP, *SIZES), PositiveInteger)}
    names = tuple(dict.fromkeys((*known, *numbers, *arrays)))
    found: dict[tuple[Node, Node], bool] = {}

    def same(a: Node, b: Node) -> bool:
        if a is b:
            return True
        x, y = normal(a), normal(b)
        if x is y:
            return True
        if (x, y) not in found:
            found[x, y] = _proved(x, y)
        return found[x, y]

    def _proved(x: Node, y: Node) -> bool:
        (x, y), opaque = _without_reductions(x, y)
        try:
            return provably_same(x, y, (*names, *opaque), known, Deadline.after(LIMIT))
        except OutOfTimeError:
            return False

    return same


def _without_reductions(*roots: Node) -> tuple[list[Node], list[str]]:
    """The expressions with names in the place of reductions and matrix operations, whose arguments are not looked at."""
    done: dict[Node, Node] = {}
    names: list[str] = []
    for node in walk(roots):
        if isinstance(node, Reduce | MatOp):
            names.append(f"whole {len(names)}")
            done[node] = ref(names[-1])
        else:
            done[node] = rebuild(node, tuple(done[arg] for arg in node.args))
    return [done[root] for root in roots], names
