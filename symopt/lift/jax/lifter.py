"""From a program to a trace: traced twice, assembled, and confirmed by running it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, ref, refs
from symopt.ir.trace import LOSS, PARAMETER
from symopt.lift.arguments import Arguments
from symopt.lift.assemble import Found, assembled, counts, substituted
from symopt.lift.confirm import Array, confirm
from symopt.lift.frames import where_it_happened
from symopt.lift.guard import guarded
from symopt.lift.jax.program import Program
from symopt.lift.jax.tracing import INITIAL, Tracing
from symopt.lift.lifted import Lifted
from symopt.lift.shapes import over_shapes
from symopt.lift.texts import assumption_texts
from symopt.lift.together import ONE_TENSOR, of_one_in_a_model, that_matter
from symopt.lift.zeros import without_needless
from symopt.run.frameworks import framework

SEEDS = (1, 2)
Nodes = Mapping[str, Node]


@dataclass(frozen=True)
class Lifter:
    """A program with its hyper-parameters.

    ``package`` is the one whose uses of ``math`` are followed; ``has_several`` says that the program takes trees of
    several tensors, where it may add up over all of them.
    """

    program: Program
    arguments: Arguments
    title: str
    framework: str
    package: str | None = None
    has_several: bool = False

    def lifted(self) -> list[Lifted]:
        """The trace for all shapes, or one for each kind of shape.

        Raises
        ------
        UnsupportedError: the code does what is not lifted; the message names it, with file and line where known.
        """
        with warnings.catch_warnings(), guarded(self.title):
            warnings.simplefilter("ignore")  # what code warns of is no matter of ours
            found = over_shapes(self._on_shape)
            return [without_needless(item, self.arguments, self._with_arguments) for item in found]

    def _with_arguments(self, arguments: Arguments, shape: tuple[int, ...]) -> Lifted:
        return replace(self, arguments=arguments)._on_shape(shape)

    def _on_shape(self, shape: tuple[int, ...]) -> Lifted:
        try:
            return self._confirmed(shape, are_numbers_arrays=False)
        except UnsupportedError as error:
            # A plain number loses what it stands for where the code hands it to JAX; an array does not.
            try:
                return self._confirmed(shape, are_numbers_arrays=True)
            except UnsupportedError:
                raise error from None

    def _confirmed(self, shape: tuple[int, ...], are_numbers_arrays: bool) -> Lifted:
        tracing = self._traced(shape, are_numbers_arrays)
        outcome, assumed = self._in_a_model(tracing, shape, are_numbers_arrays)
        found = self._found(tracing, outcome, assumed)
        trace = assembled(found)
        kept = {state.name for state in trace.states}
        counted = counts(*_parted(outcome))
        lifted = Lifted(
            trace, self.framework, casts=tracing.casts,
            hyper_paths={hyper.name: self.arguments.paths[hyper.name] for hyper in found.hypers},
            state_paths={leaf.name: leaf.path for leaf in tracing.leaves if leaf.name in kept},
            counters={leaf.path: counted[leaf.name] for leaf in tracing.leaves if leaf.name in counted},
            fixed=self.arguments.fixed,
        )  # fmt: skip
        confirm(lifted, self._run, shape)
        return lifted

    def _traced(self, shape: tuple[int, ...], are_numbers_arrays: bool, is_pair: bool = False) -> Tracing:
        """What two sets of shadows agree on."""
        first, second = (self._once(shape, seed, are_numbers_arrays, is_pair) for seed in SEEDS)
        if first.merged != second.merged or first.assumed != second.assumed:
            raise UnsupportedError(f"{self.title}: a number of the update is lost on its way through the code")
        return first

    def _once(self, shape: tuple[int, ...], seed: int, are_numbers_arrays: bool, is_pair: bool) -> Tracing:
        return Tracing(self.program, self.arguments, self.title, shape, seed, are_numbers_arrays, self.package, is_pair)

    def _in_a_model(
        self, alone: Tracing, shape: tuple[int, ...], are_numbers_arrays: bool
    ) -> tuple[Nodes, tuple[str, ...]]:
        """The new values of one tensor of two, and what is assumed where they read of the other more than sums."""
        values = alone.merged.outcome
        if not self.has_several:
            return values, ()
        try:
            pair = self._once(shape, SEEDS[0], are_numbers_arrays, True).merged.outcome
            if all(pair.get(name) is node for name, node in values.items()):
                return values, ()
            pair = self._traced(shape, are_numbers_arrays, True).merged.outcome
        except UnsupportedError:
            return values, (ONE_TENSOR,)
        of_one = of_one_in_a_model(values, pair)
        return (values, (ONE_TENSOR,)) if of_one is None else (of_one, ())

    def _found(self, tracing: Tracing, outcome: Nodes, assumed: Sequence[str]) -> Found:
        initial, general = _parted(outcome)
        changed = _without_constants(general, initial)
        general = {name: changed[name] for name in that_matter(changed)}
        initial = {name: initial[name] for name in general if name != PARAMETER}
        read = set(refs(*general.values(), *initial.values(), *tracing.merged.assumptions))
        return Found(
            self.title, [hyper for hyper in self.arguments.hypers if hyper.name in read], general, initial,
            assumptions=(*assumption_texts(tracing.merged.assumptions), *tracing.assumed, *assumed),
            given=(LOSS,) if LOSS in read else (),
        )  # fmt: skip

    def _run(self, hypers: Mapping[str, float], p: Array, gradients: Sequence[Array]) -> Sequence[Array]:
        """The program itself on plain numbers; hyper-parameters that no step reads keep their defaults."""
        defaults = {hyper.name: float(hyper.default) for hyper in self.arguments.hypers}
        with framework("jax").enable_x64(True), where_it_happened(self.title):
            return self.program.run(self.arguments.filled({**defaults, **hypers}), p, gradients)


def _parted(outcome: Nodes) -> tuple[dict[str, Node], dict[str, Node]]:
    """The initial values of states, and the new values after a step."""
    initial = {name.removeprefix(INITIAL): node for name, node in outcome.items() if name.startswith(INITIAL)}
    return initial, {name: node for name, node in outcome.items() if not name.startswith(INITIAL)}


def _without_constants(general: Nodes, initial: Nodes) -> dict[str, Node]:
    """The new values without states that no step changes, but for those that keep the parameter's first value."""
    constant = {
        name: initial[name]
        for name, node in general.items()
        if node is ref(name) and name != PARAMETER and PARAMETER not in refs(initial[name])
    }
    kept = [name for name in general if name not in constant]
    return dict(zip(kept, substituted([general[name] for name in kept], constant), strict=True))
