"""From the expressions that a lifter found to a trace: initial values, the first step, counters, statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, Ref, num, op, rebuild, ref, walk
from symopt.ir.trace import GRADIENT, PARAMETER, STEP, HyperInfo, Let, Query, StateInfo, Trace
from symopt.ir.verify import verify_trace
from symopt.lang.domain import PositiveInteger
from symopt.lift.naming import clean
from symopt.passes.build import rebuilt, where
from symopt.passes.freeze import name_tex
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.same import provably_same

# An expression that is used twice is a statement of its own from this many operations on.
STATEMENT_SIZE = 3
SAME_LIMIT = 1.0  # seconds for a proof that the first step is the general one


@dataclass(frozen=True)
class Found:
    """What a lifter found, over hyper-parameters, ``t``, ``p``, ``g`` and states by name.

    Parameters
    ----------
    general: the new values of ``p`` and of the states after a step from a general state.
    initial: the values of states before the first step; None where the code makes a state in its first step.
    first: the new values after the first step, from a fresh optimizer; None where ``initial`` says it all.
    given: what else a step reads, and random numbers.
    """

    title: str
    hypers: Sequence[HyperInfo]
    general: Mapping[str, Node]
    initial: Mapping[str, Node | None] = field(default_factory=dict)
    first: Mapping[str, Node] | None = None
    assumptions: Sequence[str] = ()
    given: Sequence[str] = ()
    draws: Sequence[str] = ()
    doc: str = ""
    source: str = ""


def assembled(found: Found) -> Trace:
    """The trace.

    Raises
    ------
    UnsupportedError: a state has no initial value.
    VerifyError: shapes do not fit.
    """
    initial, step = _with_first_step(found)
    initial, step = _counted(initial, step)
    names = [name for name in step if name != PARAMETER]
    lets, results = _statements(step, [hyper.name for hyper in found.hypers], names)
    trace = Trace(
        name=found.title, title=found.title, hypers=tuple(found.hypers),
        states=tuple(StateInfo(name, initial[name], name_tex(name)) for name in names),
        queries=(Query(GRADIENT, ref(PARAMETER)),), lets=lets, results=results, doc=found.doc, source=found.source,
        assumptions=tuple(found.assumptions), given=tuple(found.given), draws=tuple(found.draws),
    )  # fmt: skip
    verify_trace(trace)
    return trace


def substituted(roots: Iterable[Node], values: Mapping[str, Node]) -> list[Node]:
    """Every root with names replaced by expressions, folded as it is built again."""
    roots = list(roots)
    done: dict[Node, Node] = {}
    for node in walk(roots):
        args = tuple(done[arg] for arg in node.args)
        done[node] = values.get(node.name, node) if isinstance(node, Ref) else rebuilt(node, args)
    return [done[root] for root in roots]


def _with_first_step(found: Found) -> tuple[dict[str, Node], dict[str, Node]]:
    """Initial values and a general step that agree with the first step, in which code may do something else."""
    general = dict(found.general)
    initial = {name: found.initial.get(name) for name in general if name != PARAMETER}
    known = {name: num(0) if node is None else node for name, node in initial.items()}
    if found.first is None:
        missing = [name for name, node in initial.items() if node is None]
        if missing:
            raise UnsupportedError(f"{', '.join(missing)}: no initial value was found")
        return known, general
    at_first = {**known, STEP: num(1)}
    for name, value in general.items():
        own = found.first.get(name)
        if own is None:
            raise UnsupportedError(f"{name}: the first step gives it no value")
        (from_general,) = substituted([value], at_first)
        if not _same(own, from_general, found):
            general[name] = where(op("eq", ref(STEP), num(1)), own, value)
    return known, general


def _same(a: Node, b: Node, found: Found) -> bool:
    if a is b:
        return True
    domains = {hyper.name: hyper.domain for hyper in found.hypers} | {STEP: PositiveInteger}
    names = (*domains, *found.given, PARAMETER, GRADIENT, *found.draws)
    try:
        return provably_same(a, b, names, domains, Deadline.after(SAME_LIMIT))
    except OutOfTimeError:
        return False


def _counted(initial: dict[str, Node], step: dict[str, Node]) -> tuple[dict[str, Node], dict[str, Node]]:
    """Without states that count steps: one that starts at a whole number c and grows by one is ``t - 1 + c``."""
    counters = {
        name: rebuilt(op("add", ref(STEP), num(1)), (ref(STEP), num(start - 1)))
        for name, start in counts(initial, step).items()
    }
    kept = [name for name in step if name not in counters]
    values = substituted([step[name] for name in kept], counters)
    return {name: node for name, node in initial.items() if name in kept}, dict(zip(kept, values, strict=True))


def counts(initial: Mapping[str, Node | None], step: Mapping[str, Node]) -> dict[str, int]:
    """The states that start at a whole number, 0 where the first step makes them, and grow by one -> that number."""
    starts = {name: num(0) if node is None else node for name, node in initial.items()}
    return {
        name: int(start.value)
        for name, start in starts.items()
        if isinstance(start, Num) and start.value.denominator == 1 and _grows_by_one(step.get(name), name)
    }


def _grows_by_one(value: Node | None, name: str) -> bool:
    if not isinstance(value, Op) or value.op != "add":
        return False
    return {value.args[0], value.args[1]} == {ref(name), num(1)}


def _statements(
    step: Mapping[str, Node], hypers: Sequence[str], states: Sequence[str]
) -> tuple[tuple[Let, ...], dict[str, str]]:
    """The step as named statements: new values of states, what is used more than once, the parameter last."""
    taken = {*hypers, *states, STEP, PARAMETER, GRADIENT}
    results: dict[str, str] = {}
    of_node: dict[Node, str] = {}
    for name, node in step.items():
        results[name] = clean(f"{name}_new", taken)
        taken.add(results[name])
        of_node.setdefault(node, name)
    done: dict[Node, Node] = {}
    lets: list[Let] = []
    shared, count = _shared(step.values()), 0
    for node in walk(step.values()):
        new = rebuild(node, tuple(done[arg] for arg in node.args))
        if node in of_node:
            lets.append(Let(results[of_node[node]], new, of_node[node]))
            new = ref(results[of_node[node]])
        elif node in shared:
            count += 1
            name = clean(f"u{count}", taken)
            taken.add(name)
            lets.append(Let(name, new, name))
            new = ref(name)
        done[node] = new
    for name, node in step.items():  # a value that two states share, or that is an input
        if of_node[node] != name:
            lets.append(Let(results[name], done[node], name))
    return tuple(lets), results


def _shared(roots: Iterable[Node]) -> set[Node]:
    """The expressions that are used more than once and are long enough for a name."""
    uses: dict[Node, int] = {}
    size: dict[Node, int] = {}
    for node in walk(roots):
        size[node] = min(STATEMENT_SIZE, sum(size[arg] for arg in node.args) + bool(node.args))
        for arg in node.args:
            uses[arg] = uses.get(arg, 0) + 1
    return {node for node, number in uses.items() if number > 1 and size[node] >= STATEMENT_SIZE}
