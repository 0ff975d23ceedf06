"""A C function over arrays as a trace: run for several lengths, with the arguments taken by their meaning."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from symopt.errors import UnsupportedError, UsageError, nearest
from symopt.ir.nodes import Node, Op, Reduce, num, rebuild, ref, refs, walk
from symopt.ir.trace import GRADIENT, HESSIAN, PARAMETER, SIZE, STEP, HyperInfo
from symopt.lift.assemble import Found, assembled, substituted
from symopt.lift.c import arguments as roles
from symopt.lift.c.arguments import Argument, is_candidate, roles_of_arguments, typical
from symopt.lift.c.elements import Wholes, names_of
from symopt.lift.c.layout import TENSORS, VECTOR, At, Layout
from symopt.lift.c.loops import covers_all
from symopt.lift.c.machine import Machine
from symopt.lift.c.preprocess import syntax_tree
from symopt.lift.c.run import Run, run
from symopt.lift.c.same import Same, Sameness
from symopt.lift.c.types import Number, PointerTo, Struct
from symopt.lift.c.values import as_node
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.lift.naming import clean
from symopt.lift.roles import hyper_info, plain_name
from symopt.lift.texts import assumption_texts
from symopt.passes.build import rebuilt
from symopt.printers.text import expression

PROBED = 3
EXTENTS = (2, 3, 7, 8, 9, 11, 16, 17)
TWO_TENSORS = ((2, 3), (3, 2), (9, 11))
POSITIONS = ("first", "second")


def c_functions(path: Path) -> list[str]:
    """The functions of a file that may be update rules: those that take arrays of floating-point numbers.

    Raises
    ------
    UsageError, MissingToolError: the file cannot be read, or there is no preprocessor.
    """
    machine = Machine(syntax_tree(path), lambda condition: None)
    return [
        name for name, item in machine.functions.items()
        if "static" not in item.decl.storage and is_candidate(machine.parameters(name))
    ]  # fmt: skip


def lift_c(path: Path, function: str, title: str, fixed: Mapping[str, object] | None = None) -> list[Lifted]:
    """What a function does to one tensor; one answer for each position where tensors are treated differently.

    Parameters
    ----------
    title: what the trace is called.
    fixed: values of arguments and of fields of structs, and initial values of states that are one number.

    Raises
    ------
    UsageError: the file has no such function.
    MissingToolError: there is no preprocessor.
    UnsupportedError: the function cannot be lifted; the message says what and where.
    """
    tree, fixed = syntax_tree(path), dict(fixed or {})
    machine = Machine(tree, lambda condition: None)
    if function not in machine.functions:
        raise UsageError(f"{path}: no function {function}; {nearest(function, machine.functions)}")
    known = roles_of_arguments(machine.parameters(function), fixed)
    return _Lifting(tree, function, known, fixed).lifted(title, str(path))


@dataclass(frozen=True)
class _Step:
    """The new values of parameter and states, of one tensor."""

    values: dict[str, Node]
    facts: tuple[Node, ...]


class _Lifting:
    """The lifting of one function."""

    def __init__(self, tree: Any, function: str, known: Sequence[Argument], fixed: Mapping[str, object]) -> None:
        self.tree, self.function, self.known, self.fixed = tree, function, known, fixed
        self.is_many = any(argument.role == roles.SIZES for argument in known)
        self.names = _names(known, fixed)
        self.hypers = _hypers(known, self.names)
        self.numbers: frozenset[str] = frozenset()
        self.casts: tuple[str, ...] = ()

    def lifted(self, title: str, source: str) -> list[Lifted]:
        """The traces, with what they hold for."""
        self.numbers = self._numbers()
        self._check_arrays()
        counters = {self.names[a.name] for a in self.known if a.role == roles.COUNTER}
        domains = {hyper.name: hyper.domain for hyper in self.hypers}
        arrays = [self.names[a.name] for a in self.known if a.name in self.arrays]
        self.same: Same = Sameness(domains, arrays, {self.names[name] for name in self.numbers} | counters)
        steps = self._over_extents()
        is_general = self._is_general()
        first = steps[0]
        if all(self._agree(first, other) for other in steps[1:]):
            return [self._result(first, title, source, self._scope(is_general))]
        return [
            self._result(step, title, source, f"{self._scope(is_general)}, {position} of two tensors")
            for step, position in zip(steps, POSITIONS, strict=True)
        ]

    @property
    def arrays(self) -> list[str]:
        """The arguments that have an element for each of the parameter's."""
        kinds = (roles.PARAMETER, roles.GRADIENT, roles.HESSIAN, roles.ARRAY)
        return [a.name for a in self.known if a.role in kinds and a.name not in self.numbers]

    def _scope(self, is_general: bool) -> str:
        return ALL_SHAPES if is_general else f"n <= {max(TWO_TENSORS[-1] if self.is_many else EXTENTS)}"

    def _is_general(self) -> bool:
        lengths = [a.name for a in self.known if a.role == roles.LENGTH]
        return covers_all(self.tree, Machine(self.tree, lambda condition: None).types, self.function, lengths)

    def _run(self, layout: Layout) -> Run:
        usual = {hyper.name: hyper.default for hyper in self.hypers}
        done = run(self.tree, self.function, self.known, layout, self.numbers, self.names, self.fixed, usual)
        self.casts = done.casts
        return done

    def _layout(self, extents: tuple[int, ...]) -> Layout:
        return Layout(TENSORS if self.is_many else VECTOR, extents)

    def _numbers(self) -> frozenset[str]:
        """The pointers to floating-point numbers of which only the first is used, in a run with more elements."""
        done = self._run(self._layout((PROBED, PROBED) if self.is_many else (PROBED,)))
        return frozenset(
            a.name for a in self.known
            if a.role == roles.ARRAY and {*done.blocks[a.name].read, *done.blocks[a.name].written} == {0}
        )  # fmt: skip

    def _check_arrays(self) -> None:
        done = self._run(self._layout((PROBED, PROBED) if self.is_many else (PROBED,)))
        self.states = [
            a.name for a in self.known if a.role in (roles.ARRAY, roles.COUNTER) and done.blocks[a.name].written
        ]
        for argument in self.known:
            block = done.blocks.get(argument.name)
            if argument.role == roles.PARAMETER and block is not None and not block.written:
                raise UnsupportedError(
                    f"{self.function} does not change {argument.name}, which looks like the parameter"
                )
            if argument.role == roles.ARRAY and block is not None and block.read and not block.written:
                raise UnsupportedError(f"{argument.name} is read and never written: no parameter, gradient or state")

    # Runs

    def _over_extents(self) -> list[_Step]:
        """What the runs with several lengths have in common, for each position of a tensor."""
        extents = TWO_TENSORS if self.is_many else tuple((n,) for n in EXTENTS)
        found = [self._steps(self._layout(extent)) for extent in extents]
        for extent, steps in zip(extents[1:], found[1:], strict=True):
            for a, b in zip(found[-1], steps, strict=True):
                if not self._agree(a, b):
                    raise UnsupportedError(
                        f"{self.function} does something else for n = {extents[-1]} than for {extent}"
                    )
        if not self.is_many:
            self._check_one(found[-1][0])
        return found[-1]

    def _agree(self, a: _Step, b: _Step) -> bool:
        return a.values.keys() == b.values.keys() and all(
            self.same(a.values[name], b.values[name]) for name in a.values
        )

    def _steps(self, layout: Layout) -> list[_Step]:
        done = self._run(layout)
        wholes = Wholes(layout, done.inputs, self.same)
        count = len(layout.extents) if self.is_many else 1
        return [self._step(layout, done, wholes, position) for position in range(count)]

    def _step(self, layout: Layout, done: Run, wholes: Wholes, position: int) -> _Step:
        values: dict[str, Node] = {}
        for name in (self._parameter, *self.states):
            block, own = done.blocks[name], self.names[name]
            if len(block.data) == 1 and name not in self.arrays:
                values[own] = self._one(name, as_node(block.data[0]), wholes, layout)
            else:
                places = layout.places(layout.axes)
                elements = dict(zip(places, map(as_node, block.data), strict=True))
                mine = {at: node for at, node in elements.items() if not self.is_many or at[0] == position}
                values[own] = wholes.array(name, mine)
        return _Step(values, tuple(done.choices.facts))

    def _one(self, name: str, node: Node, wholes: Wholes, layout: Layout) -> Node:
        found = wholes.of(node)
        at: At | None = getattr(found, "at", None)
        if at != layout.everywhere:
            raise UnsupportedError(f"*{name} depends on some of the elements, and not on all of them")
        return found.node  # type: ignore[union-attr]  # what has a place is an element

    def _check_one(self, step: _Step) -> None:
        """Whether an array of one element gets what the general form says, in which a sum has one term."""
        layout = Layout(VECTOR, (1,))
        done = self._run(layout)
        wholes = Wholes(layout, done.inputs, self.same)
        for name in (self._parameter, *self.states):
            found = wholes.of(as_node(done.blocks[name].data[0])).node  # type: ignore[union-attr]  # one element
            if not self.same(collapsed(found), collapsed(step.values[self.names[name]])):
                raise UnsupportedError(f"{self.function} does something else for n = 1 than for n = {EXTENTS[-1]}")

    @property
    def _parameter(self) -> str:
        return next(a.name for a in self.known if a.role == roles.PARAMETER)

    # The trace

    def _result(self, step: _Step, title: str, source: str, scope: str) -> Lifted:
        states = {self.names[name]: name for name in self.states}
        initial, assumed = self._initial(step, states)
        given = [n for n in (HESSIAN, SIZE) if n in names_of(step.values.values())]
        facts = assumption_texts(step.facts)
        steps = [f"{a.name} counts steps from 1" for a in self.known if a.role == roles.STEP]
        alias = ["arrays do not overlap"] if len(self.arrays) > 1 else []
        trace = assembled(Found(
            title, self.hypers, step.values, initial, assumptions=(*assumed, *steps, *facts, *alias), given=given,
            source=source,
        ))  # fmt: skip
        own = {self.names[key]: key for key in self.names}
        return Lifted(
            trace, "c", scope,
            hyper_paths={hyper.name: own[hyper.name] for hyper in trace.hypers},
            state_paths={state.name: own[state.name] for state in trace.states},
            casts=self.casts, fixed=dict(self.fixed),
        )  # fmt: skip

    def _initial(self, step: _Step, states: Mapping[str, str]) -> tuple[dict[str, Node | None], list[str]]:
        initial: dict[str, Node | None] = {}
        assumed: dict[str, None] = {}
        for name, argument in states.items():
            value = self._running_product(name, step) if argument in self.numbers else None
            initial[name] = num(0) if value is None else value
            if argument in self.fixed:
                initial[name] = num(Fraction(str(self.fixed[argument])))
            if value is not None:
                assumed[f"{name} starts at {expression(value, ascii=True)}"] = None
            else:
                assumed["states start at 0"] = None
        return initial, list(assumed)

    def _running_product(self, name: str, step: _Step) -> Node | None:
        """The start of a state that is multiplied by a hyper-parameter in each step: a power of it.

        Where the code reads it before the multiplication it must be one power ahead, else it is the power of the
        steps done, which starts at 1.
        """
        product = step.values[name]
        factor = _other_factor(product, ref(name), {hyper.name for hyper in self.hypers})
        if factor is None:
            return None
        others = [node for other, node in step.values.items() if other != name]
        after = substituted(_replaced(others, product), {})
        return factor if any(name in refs(node) for node in after) else num(1)


def collapsed(root: Node) -> Node:
    """An expression for arrays of one element: every reduction is that of one term."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = args[0] if isinstance(node, Reduce) else num(1) if node is ref(SIZE) else rebuilt(node, args)
    return done[root]


def _replaced(roots: Sequence[Node], old: Node) -> list[Node]:
    """The expressions without one of their parts."""
    done: dict[Node, Node] = {}
    for node in walk(roots):
        done[node] = num(1) if node is old else rebuild(node, tuple(done[arg] for arg in node.args))
    return [done[root] for root in roots]


def _other_factor(node: Node, one: Node, hypers: Collection[str]) -> Node | None:
    if not isinstance(node, Op) or node.op != "mul" or one not in node.args:
        return None
    factor = node.args[1] if node.args[0] is one else node.args[0]
    return factor if getattr(factor, "name", None) in hypers else None


def _names(known: Sequence[Argument], fixed: Mapping[str, object]) -> dict[str, str]:
    """The names of arguments and of the fields of structs in expressions."""
    names: dict[str, str] = {}
    standard = {roles.PARAMETER: PARAMETER, roles.GRADIENT: GRADIENT, roles.HESSIAN: HESSIAN, roles.STEP: STEP}
    for argument in known:
        if argument.role in standard:
            names[argument.name] = standard[argument.role]
        elif argument.role in (roles.ARRAY, roles.COUNTER):
            names[argument.name] = clean(argument.name, names.values())
        elif argument.role == roles.HYPER:
            ctype = argument.ctype.target if isinstance(argument.ctype, PointerTo) else argument.ctype
            if isinstance(ctype, Struct):
                names |= _field_names(argument.name, ctype, fixed, list(names.values()))
            else:
                names[argument.name] = clean(argument.name, names.values())
    return names


def _field_names(name: str, struct: Struct, fixed: Mapping[str, object], taken: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item, ctype in struct.fields.items():
        if item in fixed or not isinstance(ctype, Number):
            continue
        if ctype.is_float:
            found[f"{name}.{item}"] = clean(item, [*taken, *found.values()])
        elif plain_name(item) in roles.STEPS:
            found[f"{name}.{item}"] = STEP
    return found


def _hypers(known: Sequence[Argument], names: Mapping[str, str]) -> list[HyperInfo]:
    found = []
    prefixes = {argument.name for argument in known if argument.role == roles.HYPER}
    for path, name in names.items():
        if path.partition(".")[0] in prefixes and name != STEP:
            found.append(hyper_info(name, typical(name)))
    return found
