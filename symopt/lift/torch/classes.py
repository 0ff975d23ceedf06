"""Lifting of optimizer classes: what an unmodified ``torch.optim.Optimizer`` computes, as a trace."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num, ref
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
from symopt.lift.together import (
    OTHER,
    exchanged,
    is_mean_over_model,
    of_tensor,
    own_names,
    read_of_other,
    that_matter,
    with_model_sums,
)
from symopt.lift.torch.case import Case, Run, Source
from symopt.lift.torch.construction import source_of
from symopt.lift.torch.execute import first_step, general_step
from symopt.lift.torch.real import run_real
from symopt.lift.zeros import without_needless
from symopt.passes import build

# Shadows and warm-ups differ from shape to shape, and once more where shapes are no second look at the same thing.
CASES = {shape: (seed, 2 + seed % 3) for seed, shape in enumerate(SHAPES, 1)}
SECOND = 7, 5
# Numbers of concrete steps; the counter of a second tensor is 2 ahead, and both go the same way at a branch on it.
EARLY, LATE = 2, 12


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
    case = Case(shape, seed, warm, tensors)
    found = _explored(source, case)
    general, first, initial = found.general.outcome, found.first.outcome, found.initial
    if position is not None:
        own = own_names(general)
        counters = _equal_counters(general, first, own)
        general, first = (_of_one(values, own, position, counters) for values in (general, first))
        general = _that_leak_not(general)
        first = {name: first[name] for name in general if name in first}
        _check_apart(source, [*general.values(), *first.values()], case)
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
    known = {name: node for name, node in at_first.initial.items() if node is not None}
    initial = at_first.initial | _tidied(known, run, case)
    general, first = (replace(item, outcome=_tidied(item.outcome, run, case)) for item in (general, first))
    return Explored(general, first, run, initial)


def _tidied(values: Mapping[str, Node], run: Run, case: Case) -> dict[str, Node]:
    """With means as such."""
    extents = case.matrix or (case.shape[0], 1)
    return dict(zip(values, with_means(list(values.values()), run.shapes, extents), strict=True))


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
    values: Mapping[str, Node], own: Sequence[str], position: int, counters: Mapping[str, Node]
) -> dict[str, Node]:  # fmt: skip
    """The update of one of two tensors, with sums over the model."""
    mine = of_tensor(values, own, position)
    return dict(zip(mine, with_model_sums(substituted(list(mine.values()), counters), own), strict=True))


def _that_leak_not(general: Mapping[str, Node]) -> dict[str, Node]:
    """Without what is kept of another tensor and not read again, as the last rate in a group."""
    matter = that_matter(general)
    return {name: node for name, node in general.items() if name in matter or not read_of_other([node])}


def _check_apart(source: Source, nodes: Sequence[Node], case: Case) -> None:
    """Refuse an update that reads what belongs to the other tensor, other than in a sum over the model.

    Raises
    ------
    UnsupportedError: it does, or divides such a sum by the size of the model, which traces have no word for.
    """
    leaks = read_of_other(nodes)
    if leaks:
        raise UnsupportedError(
            f"{source.title}: the update of one tensor reads {', '.join(dict.fromkeys(leaks))} of another"
        )
    if is_mean_over_model(nodes, case.tensors * prod(case.shape)):
        raise UnsupportedError(
            f"{source.title}: a sum over the model is divided by the number of elements of the model"
        )


def _treats_alike(source: Source, found: Lifted) -> bool:
    """Whether two tensors in one group are updated alike and apart, in early steps and in later ones."""
    return all(_treats_alike_after(source, shapes_of(found)[0], warm) for warm in (EARLY, LATE))


def _treats_alike_after(source: Source, shape: tuple[int, ...], warm: int) -> bool:
    """Whether they are on the way that the shadows take after some concrete steps."""
    alone = general_step(source, Case(shape, 1, warm, 1), (), Run())
    both = general_step(source, Case(shape, 1, warm, 2), (), Run())
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
