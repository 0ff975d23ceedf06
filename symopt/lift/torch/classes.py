"""Lifting of optimizer classes: what an unmodified ``torch.optim.Optimizer`` computes, as a trace."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num, ref
from symopt.lift import build
from symopt.lift.agreement import same_updates
from symopt.lift.assemble import Found, assembled, counts, substituted
from symopt.lift.confirm import confirm
from symopt.lift.domains import is_bound
from symopt.lift.guard import guarded
from symopt.lift.lifted import Lifted
from symopt.lift.means import with_means
from symopt.lift.paths import Merged, explored
from symopt.lift.shapes import SHAPES, over_shapes, same_trace, shapes_of
from symopt.lift.texts import assumption_texts
from symopt.lift.together import OTHER, exchanged, of_tensor, own_names, read_of_other, with_model_sums
from symopt.lift.torch.case import Case, Run, Source
from symopt.lift.torch.construction import source_of
from symopt.lift.torch.execute import first_step, general_step
from symopt.lift.torch.real import run_real
from symopt.lift.zeros import without_needless

# Shadows and warm-ups differ from shape to shape, and once more where shapes are no second look at the same thing.
CASES = {shape: (seed, 2 + seed % 3) for seed, shape in enumerate(SHAPES, 1)}
SECOND = 7, 5


@dataclass(frozen=True)
class Explored:
    """What all ways through a step come to, on one shape."""

    general: Merged
    first: Merged
    run: Run
    initial: Mapping[str, Node | None]


def lift_class(cls: type, title: str, fixed: Mapping[str, object] = {}) -> list[Lifted]:  # is read only
    """What an optimizer class computes.

    Parameters
    ----------
    cls: a subclass of ``torch.optim.Optimizer``, as it is.
    title: how it is called in messages and as a trace.
    fixed: arguments of the constructor that are given as they are; other numbers are symbolic.

    Returns
    -------
    One trace where the class does the same to tensors of every shape; else one for each shape, for each of two
    tensors, or for each of the two code paths that ``foreach`` chooses between.

    Raises
    ------
    UsageError: an argument is required that is no hyper-parameter with a usual value.
    UnsupportedError: something that is not lifted; the message names it, and where it is.
    """
    with guarded(title):
        return _on_both_paths(cls, title, fixed)


def _on_both_paths(cls: type, title: str, fixed: Mapping[str, object]) -> list[Lifted]:
    """What a class computes one tensor after the other, and what it computes for all at once where that differs."""
    looped = _lifted(cls, title, fixed)
    if "foreach" not in inspect.signature(cls).parameters or "foreach" in fixed:
        return looped
    try:
        at_once = _lifted(cls, title, {**fixed, "foreach": True})
    except UnsupportedError as error:
        raise UnsupportedError(f"{title} with foreach=True: {error}") from error
    if _are_same(looped, at_once):
        return looped
    return [
        replace(item, scope=f"{item.scope}, foreach={name}")
        for name, items in ((False, looped), (True, at_once)) for item in items
    ]  # fmt: skip


def _lifted(cls: type, title: str, fixed: Mapping[str, object]) -> list[Lifted]:
    """What a class computes with some arguments, confirmed on the real one."""
    source, said = source_of(cls, title, fixed)
    found = _over_shapes(source, said)
    if not _treats_alike(source, found[0]):
        positions = [_over_shapes(source, said, position) for position in (0, 1)]
        if not _are_same(*positions):
            return [_finished(source, item, i) for i, items in enumerate(positions) for item in items]
        if not _are_same(found, positions[0]):  # sums over the model are seen with two tensors only
            return [_finished(source, item, 0, is_like_all=True) for item in positions[0]]
    return [_finished(source, item) for item in found]


def _are_same(one: Sequence[Lifted], other: Sequence[Lifted]) -> bool:
    return len(one) == len(other) and all(map(same_updates, one, other))


def _over_shapes(source: Source, said: Sequence[str], position: int | None = None) -> list[Lifted]:
    found = over_shapes(lambda shape: _on_shape(source, shape, *CASES[shape], said, position))
    for item in found:
        shapes = shapes_of(item)
        if len(shapes) == 1:
            again = _on_shape(source, shapes[0], *SECOND, said, position)
            if not same_trace(again.trace, item.trace):
                raise UnsupportedError(f"{source.title}: what it computes depends on the numbers that it is run on")
    return found


def _on_shape(
    source: Source, shape: tuple[int, ...], seed: int, warm: int, said: Sequence[str], position: int | None
) -> Lifted:  # fmt: skip
    tensors = 1 if position is None else 2
    found = _explored(source, Case(shape, seed, warm, tensors))
    general, first, initial = found.general.outcome, found.first.outcome, found.initial
    if position is not None:
        own = own_names(general)
        counters = _equal_counters(general, first, own)
        general, first = (_of_one(source, values, own, position, counters) for values in (general, first))
        initial = {name: initial.get(name + OTHER * position if name in own else name) for name in general}
        if position:
            given = {name: node for name, node in initial.items() if node is not None}
            initial = {**initial, **dict(zip(given, exchanged(list(given.values()), own), strict=True))}
    assumptions = [fact for fact in found.general.assumptions if not is_bound(fact, source.arguments.hypers)]
    trace = assembled(Found(
        title=source.title, hypers=source.arguments.hypers, general=general, initial=initial, first=first,
        assumptions=(*said, *assumption_texts([*assumptions, *found.first.assumptions])), draws=found.run.draws,
        source=_file(source.cls),
    ))  # fmt: skip
    paths = {name: ".".join(map(str, path)) for (path, owner), name in found.run.names.items() if not owner}
    kept = {state.name for state in trace.states}
    return Lifted(
        trace=trace, framework="torch", hyper_paths=source.arguments.paths,
        state_paths={name: path for name, path in paths.items() if name in kept},
        casts=tuple(found.run.casts), fixed=dict(source.arguments.fixed),
        counters={
            paths[name]: start for name, start in counts(initial, general).items() if name in paths and name not in kept
        },
    )  # fmt: skip


def _explored(source: Source, case: Case) -> Explored:
    """All ways through a general step and through the first one, on one shape."""
    run, at_first = Run(), Run()
    general = explored(lambda forced: general_step(source, case, forced, run), source.hypers)
    facts = frozenset(general.assumptions)
    first = explored(lambda forced: first_step(source, case, forced, facts, run, at_first), ())
    run.casts |= at_first.casts
    return Explored(_tidied(general, run, case), _tidied(first, run, case), run, at_first.initial)


def _tidied(merged: Merged, run: Run, case: Case) -> Merged:
    """With means as such."""
    extents = case.matrix or (case.shape[0], 1)
    values = with_means(list(merged.outcome.values()), run.shapes, extents)
    return Merged(dict(zip(merged.outcome, values, strict=True)), merged.assumptions)


def _equal_counters(general: Mapping[str, Node], first: Mapping[str, Node], own: Sequence[str]) -> dict[str, Node]:
    """The states of the second tensor that count steps as those of the first do, by those of the first."""
    found: dict[str, Node] = {}
    for name in own:
        both = (name, name + OTHER)
        if all(general.get(key) is build.add(ref(key), num(1)) for key in both):
            start, other = (first.get(key) for key in both)
            if isinstance(start, Num) and start is other:
                found[name + OTHER] = ref(name)
    return found


def _of_one(
    source: Source, values: Mapping[str, Node], own: Sequence[str], position: int, counters: Mapping[str, Node]
) -> dict[str, Node]:  # fmt: skip
    """The update of one of two tensors.

    Raises
    ------
    UnsupportedError: it reads what belongs to the other, other than in a sum over the model.
    """
    mine = of_tensor(values, own, position)
    mine = dict(zip(mine, with_model_sums(substituted(list(mine.values()), counters), own), strict=True))
    leaks = read_of_other(list(mine.values()))
    if leaks:
        raise UnsupportedError(
            f"{source.title}: the update of one tensor reads {', '.join(dict.fromkeys(leaks))} of another"
        )
    return mine


def _treats_alike(source: Source, found: Lifted) -> bool:
    """Whether two tensors in one group are updated alike and apart, on the way that the shadows take."""
    shape = shapes_of(found)[0]
    one, two = Run(), Run()
    alone = general_step(source, Case(shape, 1, 3, 1), (), one)
    both = general_step(source, Case(shape, 1, 3, 2), (), two)
    own = own_names(both.outcome)
    first, second = (of_tensor(both.outcome, own, position) for position in (0, 1))
    if first != second or read_of_other(list(first.values())) or set(first) != set(alone.outcome):
        return False
    shared = [name for name in first if name not in own]
    return all(first[name] is alone.outcome[name] for name in shared)


def _finished(source: Source, item: Lifted, position: int | None = None, *, is_like_all: bool = False) -> Lifted:
    """A trace that was confirmed on the real class, without assumptions that it does not need."""
    tensors = 1 if position is None or is_like_all else 2
    for shape in shapes_of(item):
        confirm(
            item, lambda hypers, p, gradients: run_real(source, hypers, p, gradients, position or 0, tensors), shape
        )
    item = without_needless(
        item, source.arguments,
        lambda arguments, shape: _on_shape(replace(source, arguments=arguments), shape, *SECOND, (), position),
    )  # fmt: skip
    if position is None or is_like_all:
        return item
    which = ("first", "second")[position]
    return replace(item, scope=f"{item.scope}, {which} of two tensors")


def _file(cls: type) -> str:
    try:
        return inspect.getsourcefile(cls) or ""
    except TypeError:
        return ""
