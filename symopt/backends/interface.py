"""What the functions of a Python kernel take, check, read and keep; a ``Dialect`` says how a library writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.backends.functions import HyperView, gradients_of, reads_step, wrapped
from symopt.ir.nodes import Reduce, refs, walk
from symopt.ir.program import Phase, Program, Scalars, Segment, Sweep
from symopt.ir.rate import Rate
from symopt.ir.shape import ELEMENT
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE
from symopt.passes.memory import touched

# What the functions call things of their own; a declared name of these gets an underscore more.
OWN = frozenset({"state", "seed", "real", "block", "uniforms", "parts", "index", "numbers"})


@dataclass(frozen=True)
class Dialect:
    """How a library writes what the functions of all libraries do.

    ``array`` is the type of an array, ``kind`` what it is called. ``is_empty`` and ``size`` are said of the
    array p, ``new`` is a new array like another, and ``number`` a number that depends on elements, from a
    Python float. Initial values are a ``copy`` of p, ``zeros`` or a number everywhere (``full``) in its shape,
    or one in another shape (``shaped``).
    """

    array: str
    kind: str
    is_empty: str
    size: str
    new: str
    number: str
    copy: str
    zeros: str
    full: str
    shaped: str
    name: Callable[[str], str]


@dataclass(frozen=True)
class Head:
    """A function but for its computation: its signature, and the lines before and after."""

    name: str
    arguments: list[str]
    returns: str
    doc: str
    start: list[str]
    end: list[str]


def data_numbers(program: Program) -> frozenset[str]:
    """The numbers that depend on elements or on the loss, and may be zero, infinite or no number."""
    trace, found = program.trace, {LOSS}
    states = {state.name for state in trace.states if program.shapes[state.name].is_scalar}
    while True:
        before = len(found)
        for let in trace.lets:
            reduces = any(isinstance(node, Reduce) for node in walk([let.value]))
            if program.shapes[let.name].is_scalar and (reduces or not found.isdisjoint(refs(let.value))):
                found.add(let.name)
        found |= {state for state in states if trace.results[state] in found}
        if len(found) == before:
            return frozenset(found)


def python_numbers(program: Program, phase: Phase) -> frozenset[str]:
    """The numbers of a phase that are Python floats or truth values."""
    arrays = {*phase.arrays, *program.trace.arrays}
    names = [name for name in program.trace.inputs if name not in arrays]
    return frozenset([*names, *(let.name for let in phase.scalars)]) - data_numbers(program)


class Interface:
    """The interface of one function of a variant: that of a phase."""

    def __init__(self, variant: Variant, phase: Phase, hypers: Iterable[HyperView], dialect: Dialect) -> None:
        self.phase, self.hypers, self.dialect, self.name = phase, list(hypers), dialect, dialect.name
        self.variant, self.program, self.trace = variant, variant.program, variant.trace
        self.suffix = suffix_of(variant)
        self.is_step, self.over_model = phase.name == "step", variant.program.over_model
        self.data = data_numbers(self.program)
        self.per_tensor = [name for name in phase.numbers if self._is_per_tensor(name)]
        self.given = [*gradients_of(self.trace, phase), *([HESSIAN] if HESSIAN in phase.reads else [])]
        self.states = [state.name for state in self.trace.states if state.name in phase.arrays]
        self.draws = [name for name in self.trace.draws if name in phase.reads]
        self.takes_loss = takes_loss(phase)

    def _is_per_tensor(self, number: str) -> bool:
        """Whether a state that is one number belongs to a tensor of a model, and not to all of it."""
        return self.over_model and not self.program.rates[number].within(Rate.MODEL)

    def listed(self, name: str) -> str:
        """What the list is called that has an array for every tensor."""
        return listed(self.program, name)

    def _whole(self, name: str) -> str:
        """What a function is given: an array, or the list of them."""
        return self.listed(name) if self.over_model else self.name(name)

    def head(self, result: str) -> Head:
        """The function around its computation; ``result`` is the point that it returns where it is no step."""
        array = self.dialect.array
        kind = f"list[{array}]" if self.over_model else array
        new = f"as new {self.dialect.kind}s" if self.over_model else f"as a new {self.dialect.kind}"
        p = self._whole(PARAMETER)
        arrays = [f"{self._whole(name)}: {kind}" for name in (PARAMETER, *self.given)]
        step = f"One step; ``{p}`` and ``state`` are updated in place and returned."
        point = f"The point at which the next step's gradient is asked for, {new}."
        return Head(
            name=f"{self.phase.name}{self.suffix}",
            arguments=wrapped([*arrays, "state: dict[str, Any]", *self._keywords()]),
            returns=f"tuple[{kind}, dict[str, Any]]" if self.is_step else kind,
            doc=step if self.is_step else point,
            start=[*self._checks(), *self._reads(), *(['t = state["t"] + 1'] if self._reads_step() else [])],
            end=self._end(p, result),
        )

    def _keywords(self) -> list[str]:
        hypers = [f"{hyper.name}: float = {hyper.default}" for hyper in self.hypers]
        found = [*(["loss: float"] if self.takes_loss else []), *hypers, *(["seed: int = 0"] if self.draws else [])]
        return ["*", *found] if found else []

    def _reads_step(self) -> bool:
        return reads_step(self.phase) or bool(self.draws)

    # Before the computation

    def _checks(self) -> list[str]:
        given = [f'"{self.name(name)}": {self._whole(name)}' for name in self.given]
        kept = [f'"{name}": state.get("{name}")' for name in self.states]
        check = check_of(self.program, self._whole(PARAMETER), [*given, *kept], self.states)
        lists = [f"{self.listed(n)} = _tensors({self.listed(n)})" for n in (PARAMETER, *self.given) if self.over_model]
        numbers = [
            f"_check_numbers({self._whole(PARAMETER)}, {_quoted(n)}, state.get({_quoted(n)}))" for n in self.per_tensor
        ]
        return [*(["seed = _seed(seed)"] if self.draws else []), *lists, check, *numbers]

    def _reads(self) -> list[str]:
        loss = [f"loss = {self.dialect.number.format('float(loss)')}"] if self.takes_loss else []
        numbers = [n for n in self.phase.numbers if n not in self.per_tensor]
        read = [f"{self.name(n)} = {self._number(n, f'_number(state, {_quoted(n)})')}" for n in numbers]
        if self.over_model:
            return [*loss, *read, *self._lists()]
        return [*loss, *read, *self._when_empty(), *(f'{self.name(n)} = state["{n}"]' for n in self.states)]

    def _number(self, state: str, value: str) -> str:
        return self.dialect.number.format(value) if state in self.data else value

    def _when_empty(self) -> list[str]:
        """A tensor without elements has no norm and no mean: a step counts it and leaves it."""
        if not (self.phase.partials or self.phase.products):
            return []
        if not self.is_step:
            return [f"if {self.dialect.is_empty}:", f"    return {self.dialect.new.format(PARAMETER)}"]
        return [f"if {self.dialect.is_empty}:", '    state["t"] += 1', "    return p, state"]

    def _lists(self) -> list[str]:
        """New lists of what a model's tensors get: numbers, or points."""
        new = [f'numbers["{name}"] = list(state["{name}"])' for name in self._new_per_tensor()]
        numbers = ["numbers: dict[str, list[float]] = {}", *new] if new else []
        point, p = self.listed(self.phase.writes[0]), self.listed(PARAMETER)
        made = f"{point} = [{self.dialect.new.format(PARAMETER)} for {PARAMETER} in {p}]"
        return numbers if self.is_step else [*numbers, made]

    def _new_per_tensor(self) -> list[str]:
        return [store.array for store in self.phase.number_stores if store.array in self.per_tensor]

    @property
    def result(self) -> str:
        """The point that the function computes, where it is no step."""
        return self._whole(self.phase.writes[0])

    # One tensor

    def loop(self, segment: Segment) -> str:
        """The head of the loop of a segment over the tensors of a model; empty where there is nothing to do."""
        if not segment.stages or not self.over_model:
            return ""
        used = self._used(segment)
        arrays = [name for name in (*self.given, *self.phase.writes, *self.states) if name in used]
        places = {PARAMETER: self.listed(PARAMETER)}
        places |= {"index": f"range(len({places[PARAMETER]}))"} if self._needs_index(used) else {}
        for name in arrays:
            is_state = name in self.states
            places.setdefault(self.name(name), f'state["{name}"]' if is_state else self.listed(name))
        names = ", ".join(places) if len(places) > 1 else f"({PARAMETER},)"
        return f"{names} in _each({', '.join(places.values())})"

    def tensor_start(self, segment: Segment) -> list[str]:
        """The lines that read what belongs to one tensor: numbers, sizes, random numbers."""
        used = self._used(segment)
        numbers = [n for n in self.per_tensor if n in used]
        lines = [f"{self.name(n)} = {self._number(n, f'state[{_quoted(n)}][index]')}" for n in numbers]
        lines += [f"{SIZE} = float({self.dialect.size})"] if SIZE in used else []
        lines += [f"{name} = float(p.shape[{axis}])" for axis, name in enumerate((ROWS, COLS)) if name in used]
        draws = {name: self.trace.draws.index(name) for name in self.draws if name in used}
        if draws:
            of_tensor = ", index" if self.over_model else ""
            places = "".join(f"{place}, " for place in draws.values())
            lines.append(f"({', '.join(draws)},) = _draws(p, ({places.rstrip()}), seed, t{of_tensor})")
        return lines

    def tensor_end(self, segment: Segment) -> list[str]:
        """The lines that keep the numbers of one tensor of a model which a segment computes."""
        known = self._used(segment)
        stores = [s for s in self.phase.number_stores if s.array in self.per_tensor and s.value in known]
        return [f'numbers["{s.array}"][index] = float({self.name(s.value)})' for s in stores]

    def _needs_index(self, used: frozenset[str]) -> bool:
        return not used.isdisjoint([*self.per_tensor, *self.draws])

    def _used(self, segment: Segment) -> frozenset[str]:
        """Every name that the stages of a segment read or make, apart from what only one sweep knows."""
        lets = [let for stage in segment.stages if isinstance(stage, Scalars) for let in stage.lets]
        names = [name for let in lets for name in (let.name, *refs(let.value))]
        return frozenset([*names, *(name for stage in segment.stages for name in touched(stage))])

    # After the computation

    def _end(self, p: str, result: str) -> list[str]:
        if not self.is_step:
            return [f"return {result}"]
        stores = [store for store in self.phase.number_stores if store.array not in self.per_tensor]
        kept = [f'state["{store.array}"] = float({self.name(store.value)})' for store in stores]
        lists = ["state.update(numbers)"] if self._new_per_tensor() else []
        return ['state["t"] += 1', *kept, *lists, f"return {p}, state"]


def _quoted(name: str) -> str:
    return f'"{name}"'


def takes_loss(phase: Phase) -> bool:
    """Whether a phase reads the loss."""
    return LOSS in refs(*(let.value for let in phase.scalars)) or LOSS in phase.uniforms


def model_sums(segment: Segment) -> list[str]:
    """The reductions over the model that a segment takes."""
    partials = [partial for stage in segment.stages if isinstance(stage, Sweep) for partial in stage.partials]
    return [partial.name for partial in partials if partial.over_model]


def listed(program: Program, name: str) -> str:
    """What the list is called that has an array of a name for every tensor of a model."""
    return f"{name}s_" if f"{name}s" in {*program.shapes, *OWN} else f"{name}s"


def suffix_of(variant: Variant) -> str:
    """What the names of a variant's functions end with."""
    return f"_{variant.suffix}" if variant.suffix else ""


def check_of(program: Program, p: str, arrays: Iterable[str], states: Iterable[str]) -> str:
    """The call that compares arrays with the parameter, which of ``states`` some differ from in shape."""
    entries = ", ".join(arrays)
    if not program.has_axes:
        return f"{'_check_model' if program.over_model else '_check'}({p}, {{{entries}}})"
    shapes = ", ".join(f'"{name}": "{program.shapes[name]}"' for name in states if program.shapes[name] != ELEMENT)
    return f"{'_check_matrices' if program.over_model else '_check_matrix'}({p}, {{{entries}}}, {{{shapes}}})"
