"""The text of a generated Python module is executed on expressions and compared with the rule that it is made from.

Neither the passes nor the printers and templates are trusted. A few functions of the templates, which sum in a
fixed order, draw random numbers and take matrices apart, are taken by their contract and executed by other tests.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from symopt.backends.base import Variant
from symopt.errors import UnsupportedError
from symopt.ir.nodes import MODEL_REDUCTIONS, Node, Reduce, Ref, num, ref, walk
from symopt.ir.rate import Rate, let_rates
from symopt.ir.shape import Axis, Shape
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, SIZES, STEP, HyperInfo, Trace
from symopt.lift.assemble import substituted
from symopt.passes.build import add, rebuilt, reduced
from symopt.lift.c.elements import shown
from symopt.lift.c.same import Sameness
from symopt.lift.c.validate import DIFFERENT, EQUAL, UNKNOWN, Validation, constants_of
from symopt.lift.generated.arrays import KernelArray
from symopt.lift.generated.control import CONTROL, without_control
from symopt.lift.generated.vocabulary import (
    Optimizer,
    builtins_of_numbers,
    contracts,
    math_vocabulary,
    numpy_vocabulary,
    torch_vocabulary,
)
from symopt.lift.numpy.array import Memory, made_as, whole_of
from symopt.lift.numpy.vocabulary import Vocabulary
from symopt.lift.paths import Path, explored
from symopt.lift.scalars import patched_math, symbolic
from symopt.lift.session import Session, active
from symopt.lift.shapes import TALL, VECTOR, WIDE
from symopt.lift.whole import ALONG, DOWN, Whole, parameter_like
from symopt.run.modules import NumPyKernel
from symopt.lift.sizes import at_shape, has_axes

SECOND = "_2"  # what the names of the second tensor of a model end in
COUNT = 5


def validate_module(text: str, variants: Sequence[Variant], backend: str) -> list[Validation]:
    """Every function of a generated module against the rule, for each variant."""
    return [found for variant in variants for found in _Validator(text, variant, backend).results()]


def executed(text: str, names: Sequence[str]) -> ModuleType:
    """The module of a text, on the vocabularies in the place of NumPy and PyTorch."""
    module = ModuleType("generated")
    modules = {
        "numpy": numpy_vocabulary(), "torch": torch_vocabulary(),
        "math": math_vocabulary(), "torch.optim": Vocabulary("torch.optim", {"Optimizer": Optimizer}),
    }  # fmt: skip

    def imported(name: str, *args: Any, **kwargs: Any) -> Any:
        return modules[name] if name in modules else builtins.__import__(name, *args, **kwargs)

    module.__dict__["__builtins__"] = {**vars(builtins), "__import__": imported, **builtins_of_numbers()}
    module.__dict__.update(CONTROL)
    exec(compile(without_control(text), "<generated>", "exec"), module.__dict__)
    module.__dict__.update({name: item for name, item in contracts(names).items() if name in module.__dict__})
    return module


class _Validator:
    """Compares the functions of one variant with its trace."""

    def __init__(self, text: str, variant: Variant, backend: str) -> None:
        self.text, self.variant, self.backend = text, variant, backend
        self.is_model = variant.program.over_model
        self.shapes = (WIDE, TALL) if has_axes(variant.trace) or {*SIZES} & {*variant.trace.given} else (VECTOR,)

    def results(self) -> Iterator[Validation]:
        """What became of every function."""
        names = ["init", *(phase.name for phase in self.variant.program.phases)]
        suffix = f"_{self.variant.suffix}" if self.variant.suffix else ""
        for name in names:
            verdict, reason = self._verdict(name)
            yield Validation(self.variant.trace.title, self.backend, f"{name}{suffix}", verdict, reason, self._scope())

    def _scope(self) -> str:
        return "all shapes" if self.shapes == (VECTOR,) else f"shapes {WIDE} and {TALL}"

    def _verdict(self, what: str) -> tuple[str, str]:
        try:
            for shape in self.shapes:
                reason = _AtShape(self, shape).difference(what)
                if reason:
                    return DIFFERENT, reason
        except UnsupportedError as error:
            return UNKNOWN, str(error)
        except Exception as error:  # a text that cannot be executed is no kernel
            return UNKNOWN, f"{type(error).__name__}: {error}"
        return EQUAL, ""


class _AtShape:
    """One variant on parameters of one shape."""

    def __init__(self, validator: _Validator, shape: tuple[int, ...]) -> None:
        self.text, self.variant, self.is_model = validator.text, validator.variant, validator.is_model
        self.shape, self.matrix = shape, (shape[0], shape[1]) if len(shape) == 2 else None
        self.trace = at_shape(self.variant.trace, shape)
        self.same = _sameness(self.variant)
        self.suffixes = ("", SECOND) if self.is_model else ("",)

    def difference(self, what: str) -> str:
        """What a function computes that the rule does not; empty where they are the same."""
        found = explored(lambda forced: self._run(what, forced), [hyper.name for hyper in self.trace.hypers]).outcome
        wanted = self._wanted(what)
        for name, want in wanted.items():
            if name not in found:
                return f"{name} has no value"
            if not self._same(found[name], want):
                return f"{name} is {shown(found[name])} and not {shown(want)}"
        return ""

    def _same(self, a: Node, b: Node) -> bool:
        """Whether two expressions are the same on arrays of this shape, for which counts are numbers."""
        rows, cols = self.shape if self.matrix else (self.shape[0], 1)
        counts: dict[str, Node] = {ROWS: num(rows), COLS: num(cols), SIZE: num(rows * cols)}
        return self.same(*substituted([self.same.normal(a), self.same.normal(b)], counts))

    def _run(self, what: str, forced: Sequence[bool]) -> Path:
        session = Session(1, forced, matrix=self.matrix)
        # A number that has no short decimals, as a third, is known by its nearest float.
        constants: dict[float, Node] = {float(value): num(value) for value in constants_of(self.variant.trace)}
        with active(session), session.meaning(constants), patched_math(), made_as(KernelArray):
            kernel = NumPyKernel(executed(self.text, self.trace.draws), self.variant)
            outcome = self._called(kernel, what, session)
        return Path(tuple(session.decisions), outcome)

    def _called(self, kernel: NumPyKernel, what: str, session: Session) -> dict[str, Node]:
        hypers = {hyper.name: symbolic(_shadow(hyper, session), ref(hyper.name)) for hyper in self.trace.hypers}
        p = self._tensors(PARAMETER)
        if what == "init":
            return self._outcome(kernel.init(p, **hypers))
        gradients = {query.name: self._tensors(query.name) for query in self.trace.queries}
        given: dict[str, Any] = {HESSIAN: self._tensors(HESSIAN), "seed": 0}
        if LOSS in self.trace.given:
            given[LOSS] = symbolic(session.random.uniform(0.3, 2.0), ref(LOSS))
        states = {state.name: self._state(state.name, session) for state in self.trace.states}
        t: Any = symbolic(COUNT, ref(STEP))
        if what == "step":
            kernel.step(p, gradients, states, t, **hypers, **given)
            return self._outcome({PARAMETER: p, **states}) | {STEP: whole_of(kernel.counted).node}
        return self._outcome({what: kernel.point(p, states, t, phase=what, g=gradients, **hypers, **given)})

    def _tensors(self, name: str) -> Any:
        made = [KernelArray(Memory(parameter_like(ref(name + end), self.shape))) for end in self.suffixes]
        return made if self.is_model else made[0]

    def _state(self, name: str, session: Session) -> Any:
        shape = self.variant.program.shapes[name]
        made = [self._of_shape(name + end, shape, session) for end in self.suffixes]
        return made if self.is_model and not self._is_shared(name) else made[0]

    def _is_shared(self, name: str) -> bool:
        """Whether a state is one number for the whole model."""
        return let_rates(self.variant.trace)[name].within(Rate.MODEL)

    def _of_shape(self, name: str, shape: Shape, session: Session) -> Any:
        if shape.is_scalar:
            return symbolic(session.random.uniform(0.3, 0.9), ref(name))
        if self.matrix is None:
            return KernelArray(Memory(parameter_like(ref(name), self.shape)))
        rows, cols = self.matrix
        of = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(rows, cols), Axis.LONG: max(rows, cols)}
        extents = of[shape.down], of[shape.along]
        labels = tuple(label if extent > 1 else None for label, extent in zip((DOWN, ALONG), extents, strict=True))
        return KernelArray(Memory(Whole(ref(name), extents, labels)))

    def _outcome(self, values: Mapping[str, Any]) -> dict[str, Node]:
        found: dict[str, Node] = {}
        for name, value in values.items():
            items = value if isinstance(value, list) else [value]
            for end, item in zip(self.suffixes, items, strict=False):
                found[name + end] = whole_of(item).node
        return found

    def _wanted(self, what: str) -> dict[str, Node]:
        trace = self.trace
        if what == "init":
            wanted = {state.name: state.init for state in trace.states}
        elif what == "step":
            wanted = trace.step() | {STEP: ref(STEP)}
        else:
            asked = [point for point in trace.points().values() if point is not ref(PARAMETER)]
            position = [phase.name for phase in self.variant.program.phases].index(what)
            wanted = {what: asked[position]}
        if not self.is_model:
            return wanted
        shared = [state.name for state in trace.states if self._is_shared(state.name)]
        second = {name: ref(name + SECOND) for name in self._own(trace) if name not in shared}
        both: dict[str, Node] = {}
        for name, node in wanted.items():
            both[name] = over_two(node, second)
            if name not in shared and name != STEP:
                both[name + SECOND] = substituted([both[name]], _swapped(second))[0]
        return both

    def _own(self, trace: Trace) -> list[str]:
        return [*trace.arrays, *(state.name for state in trace.states), HESSIAN]


def _shadow(hyper: HyperInfo, session: Session) -> int | float:
    return int(hyper.default) if hyper.domain.integer else session.near(float(hyper.default))


def over_two(root: Node, second: Mapping[str, Node]) -> Node:
    """An expression with sums over the model written out for a model of two tensors."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        if isinstance(node, Reduce) and node.op in MODEL_REDUCTIONS:
            name = MODEL_REDUCTIONS[node.op]
            done[node] = add(reduced(name, args[0]), reduced(name, substituted([args[0]], _swapped(second))[0]))
        else:
            done[node] = rebuilt(node, args)
    return done[root]


def _swapped(second: Mapping[str, Node]) -> dict[str, Node]:
    """The names of both tensors exchanged."""
    return {**second, **{node.name: ref(name) for name, node in second.items() if isinstance(node, Ref)}}


def _sameness(variant: Variant) -> Sameness:
    trace, program = variant.trace, variant.program
    axes: dict[str, set[int]] = {}
    numbers = [*trace.given]
    for name in (*trace.arrays, *(state.name for state in trace.states)):
        shape = program.shapes[name]
        for end in ("", SECOND):
            axes[name + end] = {i for i, axis in enumerate((shape.down, shape.along)) if axis.value != "1"}
        if shape.is_scalar:
            numbers.append(name)
    numbers = [name for name in numbers if name not in trace.arrays]
    return Sameness({**trace.domains}, [name for name in axes if axes[name]], numbers, axes)
