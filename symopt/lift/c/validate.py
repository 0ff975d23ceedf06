"""Translation validation: generated C is read back from its text and compared with the rule that it is made from.

Neither the passes nor the printer are trusted: the functions are lifted as anyone's would be, and the new values of
parameter and states, the points at which gradients are asked for and the initial values are compared with the trace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from symopt.backends.base import Variant
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, Ref, ref, refs, walk
from symopt.ir.trace import PARAMETER, HyperInfo, Trace
from symopt.lang.domain import Domain
from symopt.lift.c.assumed import settled
from symopt.lift.c.binding import Binding, Bound, layouts_of
from symopt.lift.c.contracts import contracts
from symopt.lift.c.elements import Element, Wholes, shown
from symopt.lift.c.layout import MATRIX, Layout
from symopt.lift.c.loops import covers_all
from symopt.lift.c.machine import Machine, Stub
from symopt.lift.c.preprocess import syntax_tree
from symopt.lift.c.products import SCRATCH, Products, laid_out, products_of, spelled
from symopt.lift.c.run import Choices
from symopt.lift.c.same import Same, Sameness
from symopt.lift.c.values import Value, as_node
from symopt.lift.lifted import ALL_SHAPES
from symopt.lift.texts import condition_text

EQUAL, DIFFERENT, UNKNOWN = "equal", "different", "unknown"
SUFFIXES = {"float32": "f32", "float64": "f64"}
OK = 0
UNWRITTEN = ref("what was never written")
SIZES = ("n", "rows", "cols", "tensors")


@dataclass(frozen=True)
class Validation:
    """What became of one function: ``verdict`` is equal, different or unknown; the reason where it is not equal.

    ``scope`` says for which arrays: of all shapes, where the loops cover them by construction.
    """

    rule: str
    dtype: str
    function: str
    verdict: str
    reason: str = ""
    scope: str = ALL_SHAPES


def validate_source(path: Path, variants: Sequence[Variant]) -> list[Validation]:
    """Every function of a generated file against the rule, for each variant and type of numbers.

    Raises
    ------
    MissingToolError: there is no preprocessor.
    UsageError: the file cannot be read.
    """
    tree = syntax_tree(path)
    # Every field of the struct of hyper-parameters must lie in its domain, also where a variant does not read it.
    hypers = {hyper.name: hyper for variant in variants for hyper in variant.trace.hypers}
    text = path.read_text(encoding="utf-8")
    return [found for variant in variants for found in _Validator(tree, text, variant, hypers).results()]


class _Validator:
    """Compares the functions of one variant with its trace."""

    def __init__(self, tree: Any, text: str, variant: Variant, hypers: Mapping[str, HyperInfo]) -> None:
        self.tree, self.variant, self.trace, self.hypers = tree, variant, variant.trace, hypers
        self.rule = variant.rule.name
        self.types = Machine(tree, lambda condition: None).types
        self.same = _sameness(variant)
        self.constants = constants_of(self.trace)
        self.step, self.points = self.trace.step(), self.trace.points()
        self.operations = contracts(text, self.rule)
        for suffix in SUFFIXES.values():
            self.operations |= products_of(tree, self.rule, suffix)

    def results(self) -> Iterator[Validation]:
        """What became of every function."""
        whats = [*(["init"] if self.trace.states else []), *(phase.name for phase in self.variant.program.phases)]
        for dtype in self.variant.dtypes:
            for what in whats:
                name = "_".join(filter(None, ("symopt", self.rule, what, self.variant.suffix, SUFFIXES[dtype])))
                verdict, reason = self._verdict(name, what, SUFFIXES[dtype])
                yield Validation(self.trace.title, dtype, name, verdict, reason, self._scope(name))

    def _scope(self, function: str) -> str:
        if covers_all(
            self.tree, self.types, function, SIZES, [f"{self.rule}_draw_{suffix}" for suffix in SUFFIXES.values()]
        ):
            return ALL_SHAPES
        return "shapes " + " and ".join(str(layout.extents) for layout in layouts_of(self.variant))

    def _verdict(self, function: str, what: str, suffix: str) -> tuple[str, str]:
        try:
            for layout in layouts_of(self.variant):
                reason = self._difference(function, what, suffix, layout)
                if reason:
                    return DIFFERENT, reason
        except UnsupportedError as error:
            return UNKNOWN, str(error)
        return EQUAL, ""

    def _difference(self, function: str, what: str, suffix: str, layout: Layout) -> str:
        binding = Binding(self.variant, layout)
        choices = Choices({hyper.name: hyper.default for hyper in self.hypers.values()})
        bound = Bound()
        products = Products(self.operations, layout, bound.inputs)
        stubs = {f"{self.rule}_draw_{suffix}": self._draws(bound), **products.stubs}
        machine = Machine(self.tree, choices, stubs, self.constants)
        products.machine = machine
        machine.memory.unwritten = UNWRITTEN
        if function not in machine.functions:
            raise UnsupportedError(f"there is no function {function}")
        given = binding.bound(machine.parameters(function), bound, is_init=what == "init")
        products.wholes = wholes = Wholes(layout, given.inputs, self.same)
        status = machine.call(function, given.args)
        if status != OK:
            return f"it returns {status} for values in the domains"
        for work in given.work:
            work.check()
        refused = self._refused(choices)
        if refused:
            return refused
        for name, value in self._wanted(what, given).items():
            found = settled(products.expanded(_whole(name, binding, given, wholes, layout)))
            for lost in {UNWRITTEN.name, SCRATCH.name}.intersection(refs(found)):
                raise UnsupportedError(f"{name} depends on {lost}")
            spelt = spelled(value, self.variant.program.shapes, layout) if layout.kind == MATRIX else value
            want = settled(laid_out(spelt, layout))
            if found is not want and not self.same(found, want):
                return f"{name} is {shown(found)} and not {shown(want)}"
        return ""

    def _draws(self, bound: Bound) -> Stub:
        def draw(args: list[Value]) -> Value:
            seed, _, position, which = args
            assert isinstance(seed, int)
            assert isinstance(position, int)
            assert isinstance(which, int)
            name = self.trace.draws[which]
            own = f"{name}[{seed >> 32}, {position}]"
            like = next(at for key, (other, at) in bound.inputs.items() if key == f"{PARAMETER}[{position}]")
            bound.inputs[own] = name, like
            return ref(own)

        return draw

    def _refused(self, choices: Choices) -> str:
        """A condition that the code takes for granted and that the domains of hyper-parameters do not imply."""
        domains = {hyper.name: hyper.domain for hyper in self.hypers.values()}
        open_facts = [condition_text(fact) for fact in choices.facts if not implied(fact, domains)]
        return f"it goes another way unless {open_facts[0]}" if open_facts else ""

    def _wanted(self, what: str, bound: Bound) -> Mapping[str, Node]:
        """What the arrays that a function writes should hold after it."""
        if what == "init":
            return {state.name: state.init for state in self.trace.states}
        if what == "step":
            return {name: value for name, value in self.step.items() if name in bound.blocks}
        phase = next(phase for phase in self.variant.program.phases if phase.name == what)
        position = [phase.name for phase in self.variant.program.phases].index(what)
        asked = [point for point in self.points.values() if point is not ref(PARAMETER)]
        return {phase.writes[0]: asked[position]}


def _whole(name: str, binding: Binding, bound: Bound, wholes: Wholes, layout: Layout) -> Node:
    """An array after the call, as one expression."""
    elements: dict[Any, Node] = {}
    for at, value in binding.elements(name, bound).items():
        if value is None:
            raise UnsupportedError(f"{name} is not written everywhere")
        elements[at] = as_node(value)
    if list(elements) == [layout.everywhere]:
        found = wholes.of(elements[layout.everywhere])
        if not isinstance(found, Element) or found.at != layout.everywhere:
            raise UnsupportedError(f"{name} depends on some elements only")
        return found.node
    return wholes.array(name, elements)


def implied(fact: Node, domains: Mapping[str, Domain]) -> bool:
    """Whether a condition on one hyper-parameter holds in its domain."""
    match fact:
        case Op(op="lt" | "le" as kind, args=(Ref(name=name), Num(value=bound))) if name in domains:
            upper = domains[name].upper
            return upper is not None and (
                upper < bound or (upper == bound and (kind == "le" or domains[name].upper_open))
            )
        case Op(op="lt" | "le" as kind, args=(Num(value=bound), Ref(name=name))) if name in domains:
            lower = domains[name].lower
            return lower is not None and (
                lower > bound or (lower == bound and (kind == "le" or domains[name].lower_open))
            )
        case Op(op="eq", args=(Ref(name=name), Op(op="floor", args=(inner,)))) if (
            inner is ref(name) and name in domains
        ):
            return domains[name].integer
        case Op(op="and", args=(a, b)):
            return implied(a, domains) and implied(b, domains)
    return False


def constants_of(trace: Trace) -> set[Fraction]:
    """The numbers in a rule that are no exact decimals of few digits."""
    nodes = [*trace.step().values(), *trace.points().values(), *(state.init for state in trace.states)]
    return {node.value for node in walk(nodes) if isinstance(node, Num)}


def _sameness(variant: Variant) -> Same:
    trace, program = variant.trace, variant.program
    axes: dict[str, set[int]] = {}
    numbers = [*trace.given]
    for name in (*trace.arrays, *(state.name for state in trace.states)):
        shape = program.shapes[name]
        axes[name] = {i for i, axis in enumerate((shape.down, shape.along)) if axis.value != "1"}
        if shape.is_scalar:
            numbers.append(name)
    numbers = [name for name in numbers if name not in trace.arrays]
    return Sameness({**trace.domains}, [name for name in axes if axes[name]], numbers, axes)
