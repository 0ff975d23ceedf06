"""What comes out where two linear rules are compared: the branches in which they are equal, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.ir.nodes import Node, ref
from symopt.prove.linear.rational import Rational
from symopt.prove.proof import Proof, Step
from symopt.prove.render import node_text

BOTH, POINTS = "parameter", "query points"


@dataclass(frozen=True)
class Branch:
    """One relation under which two linear rules are equal, from the same first parameter on.

    Parameters
    ----------
    hyper_map: every hyper-parameter of the right as an expression over the left's; one that may have
        any value is itself where the left has none of its name.
    state_map: states of the right as expressions over the left's states, the parameter and
        hyper-parameters, after every step; where only the query points agree also the right's parameter.
    conditions: what must hold of the left's hyper-parameters besides, as text.
    fixed: hyper-parameters of the left that must be what is said, as expressions in its others.
    where: ``parameter`` where the parameters are the same at every step, and so are the points of the
        gradients; ``query points`` where only the latter are.
    inductive: whether the state map by itself is kept by every step from any state of the left.
    hidden: states of the right that the state map lacks, since the left does not determine them; they
        never reach the parameter or a query point.
    proof: the equality by transfer functions.
    values: the same as ``hyper_map`` and ``fixed``, as rational functions over the names of both.
    """

    hyper_map: Mapping[str, Node]
    state_map: Mapping[str, Node]
    conditions: tuple[str, ...]
    fixed: Mapping[str, Node]
    where: str
    inductive: bool
    hidden: tuple[str, ...]
    proof: Proof
    values: Mapping[str, Rational] = field(compare=False, repr=False)

    def text(self) -> str:
        """The branch as a theorem writes it: what the left must be, then what the right is."""
        fixed = ", ".join(f"{name} = {node_text(node)}" for name, node in self.fixed.items())
        same = {name: self.fixed.get(name, ref(name)) for name in self.hyper_map}
        changed = {name: node for name, node in self.hyper_map.items() if node is not same[name]}
        maps = ", ".join(f"{name} = {node_text(node)}" for name, node in changed.items())
        return f"{fixed or 'always'}: {maps}" if maps else fixed or "always"

    def full_text(self) -> str:
        """The branch with the conditions on what is left free."""
        return f"{self.text()}, if {' and '.join(self.conditions)}" if self.conditions else self.text()


@dataclass(frozen=True)
class LinearRelation:
    """All branches of two linear rules.

    ``equations`` is how many equations the hyper-parameters obey; ``complete`` says that every one of
    them was solved, and that every family of solutions is represented by a branch.
    """

    branches: tuple[Branch, ...]
    complete: bool
    equations: int

    @property
    def none_exists(self) -> Proof | None:
        """A proof that no map makes the two equal for every left, or None where one does or may."""
        if not self.complete or any(b.where == BOTH and not b.fixed for b in self.branches):
            return None
        special = [
            ", ".join(f"{name} = {node_text(node)}" for name, node in branch.fixed.items())
            for branch in self.branches if branch.where == BOTH
        ]  # fmt: skip
        only = f" but {'; '.join(dict.fromkeys(special))}" if special else ""
        return Proof((
            Step(
                f"the transfer functions are equal where {self.equations} polynomial equations between the "
                "hyper-parameters hold",
                "their cross-multiplied numerators, by powers of z",
            ),
            Step(
                f"for no left{only} constant hyper-parameters of the right in their domains solve them, "
                "unless nothing moves",
                "every factor of every equation was solved or cannot be zero",
            ),
            Step(
                "so no map of constant hyper-parameters makes the two equal",
                "linear rules with equal responses have equal transfer functions",
            ),
        ))  # fmt: skip
