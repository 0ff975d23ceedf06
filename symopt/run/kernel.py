"""C kernels as Python objects: compiled, loaded, and called on NumPy arrays without a copy."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant, fixes_options_alone, render_variants, variants_beside
from symopt.backends.c import BACKEND, view
from symopt.backends.c_interface import (
    RESTRICT,
    Argument,
    Names,
    arguments_of,
    hypers_of,
    init_arguments_of,
    init_takes_hyper,
    needs_work,
    takes_seed,
)
from symopt.backends.interface import takes_loss
from symopt.errors import DomainError, UsageError, nearest
from symopt.ir.program import Phase
from symopt.ir.trace import HESSIAN, PARAMETER, HyperInfo
from symopt.lang.rule import Rule
from symopt.printers.c import CTYPES, c_name
from symopt.run.arrays import Checker, shape_of_state
from symopt.run.call import Call
from symopt.run.compile import needed, shared_library
from symopt.run.team import Team, chunks, team

Array = NDArray[Any]
# An array, or one for every tensor of a model.
Arrays = Any
OK = 0
# What a step is given by keyword besides hyper-parameters.
GIVEN = ("loss", "seed", HESSIAN)


def load(rule: Rule | type[Rule], dtype: str = "float64", folder: Path | None = None) -> CKernel:
    """The C kernel of a configured rule, compiled where the cache does not hold it yet.

    Parameters
    ----------
    rule: its options choose the functions; hyper-parameters and schedules that are fixed are
        compiled in.
    dtype: ``"float32"`` or ``"float64"``.
    folder: where ``<rule>.h`` and ``<rule>.c`` lie; without it they are rendered in memory.

    Raises
    ------
    MissingToolError: no C compiler, or the extra ``[c]`` is not installed.
    UsageError: an unknown dtype; a folder that lacks the files, or that cannot hold this rule.
    """
    if dtype not in CTYPES:
        raise UsageError(f"no C kernel for dtype {dtype!r}; {nearest(dtype, CTYPES)}")
    configured = rule() if isinstance(rule, type) else rule
    variants = variants_beside(configured)
    variant = replace(next(v for v in variants if v.rule.options == configured.options), rule=configured)
    if folder is None:
        files = render_variants(BACKEND, variants)
    elif fixes_options_alone(configured):
        files = _read(folder, configured.name)
    else:
        raise UsageError(f"{configured.title} fixes hyper-parameters, and {folder} holds kernels that take them")
    library = shared_library(files, f"{configured.name}.c")
    return CKernel(_open(str(library), _declarations(variants)), variants, variant, dtype)


class CKernel:
    """The functions of one variant of a rule in one element type.

    Arrays are C-contiguous and of ``dtype``; they are updated in place. ``states`` are the names of the
    states, ``hypers`` the hyper-parameters with their defaults; every method takes hyper-parameters by
    keyword, and besides ``loss``, ``hessian`` and ``seed`` where the rule reads them. A state that is one
    number is a float, which is replaced in the dictionary of the states. Rules over the whole model take
    lists: of parameters, of gradients, and of each state that is an array.
    """

    def __init__(self, library: Library, variants: Sequence[Variant], variant: Variant, dtype: str) -> None:
        self._ffi, self._lib = library.ffi, library.lib
        self._names, self._variant, self._ctype = Names(variants), variant, CTYPES[dtype]
        self._program = variant.program
        self._fields = hypers_of(variants)
        self.rule = variant.rule
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.states = tuple(state.name for state in variant.trace.states)
        self.gradients = tuple(query.name for query in variant.trace.queries)
        self.hypers = {hyper.name: float(hyper.default) for hyper in variant.trace.hypers}
        self._checker = Checker(variant, self.dtype)

    def init(self, p: Arrays, /, **hypers: float) -> dict[str, Any]:
        """The states before the first step: new arrays, and floats for those that are numbers."""
        order = init_arguments_of(self._variant)
        if not self.states:
            return {}
        tensors = self._checker.tensors(p)
        made = {a.name: self._new(a, tensors) for a in order if a.name != PARAMETER}
        leading = [self._struct(hypers)] if init_takes_hyper(self._variant) else []
        self._checker.check("init", order, {PARAMETER: p, **made})
        call = Call(self._ffi, self._program, self._ctype, order, {PARAMETER: p, **made}, leading)
        self._check(call(self._function("init")), 1, hypers)
        call.give_back(made)
        return {name: made[name] for name in self.states}

    def _new(self, argument: Argument, tensors: Sequence[Array]) -> Any:
        """Room for a state: zeros, one or one for every tensor."""
        if argument.is_number:
            return [0.0] * len(tensors) if self._program.over_model and argument.per_tensor else 0.0
        shapes = [shape_of_state(self._program, argument.name, p.shape) for p in tensors]
        arrays = [np.zeros(shape, self.dtype) for shape in shapes]
        return arrays if self._program.over_model else arrays[0]

    def point(
        self, p: Arrays, states: Mapping[str, Any], t: int, /, *, phase: str = "point", g: Any = None, **given: Any
    ) -> Arrays:
        """Where a gradient of step ``t`` is asked for, as new arrays.

        ``phase`` and ``g`` are for rules that ask for several: the name of the function, and the gradients
        known by then.
        """
        made = [np.empty_like(array, order="C") for array in self._checker.tensors(p)]
        out = made if self._program.over_model else made[0]
        array = next((point.writes[0] for point in self._program.phases if point.name == phase), phase)
        self._bound(phase, {PARAMETER: p, **states, **self._gradients(g), array: out}, {}, 1, given)(t)
        return out

    def step(self, p: Arrays, g: Any, states: dict[str, Any], t: int, /, **given: Any) -> None:
        """Step ``t`` (from 1): updates ``p`` and the states; ``g`` is the gradient, or several by name."""
        self.bind(p, g, states, 1, **given)(t)

    def bind(self, p: Arrays, g: Any, states: dict[str, Any], threads: int = 1, /, **given: Any) -> Bound:
        """A function of ``t`` that takes a step on these arrays; checks and addresses are settled once.

        Large arrays of rules that are element-wise are divided among ``threads``; the result does not
        depend on their number.
        """
        return self._bound("step", {PARAMETER: p, **self._gradients(g), **states}, states, threads, given)

    def _gradients(self, g: Any) -> Mapping[str, Any]:
        """Gradients by name."""
        if g is None or isinstance(g, Mapping):
            return g or {}
        return {self.gradients[0]: g}

    def _bound(
        self, name: str, given: Mapping[str, Any], states: dict[str, Any], threads: int, keywords: Mapping[str, Any]
    ) -> Bound:
        phases = {found.name: found for found in self._program.phases}
        if name not in phases:
            raise UsageError(f"{self.rule.title} has no function {name!r}; {nearest(name, phases)}")
        phase, hypers = phases[name], {k: v for k, v in keywords.items() if k in self.hypers or k not in GIVEN}
        reads_hessian = HESSIAN in self._program.trace.given and HESSIAN in keywords
        arrays = {**given, **({HESSIAN: keywords[HESSIAN]} if reads_hessian else {})}
        order = arguments_of(self._program, phase)
        self._checker.check(name, order, arrays)
        leading = [self._struct(hypers)] if self._names.takes_hyper else []
        leading += [self._loss(keywords)] if takes_loss(phase) else []
        leading += [self._seed(keywords)] if takes_seed(self._program, phase) else []
        work = self._function(f"{name}_work") if needs_work(phase) else None
        calls = [
            Call(self._ffi, self._program, self._ctype, order, part, leading, work)
            for part in self._parts(phase, order, arrays, threads)
        ]
        return Bound(self, self._function(name), calls, team(threads), dict(hypers), states)

    def _loss(self, keywords: Mapping[str, Any]) -> float:
        if "loss" not in keywords:
            raise UsageError(f"{self.rule.title} needs the loss")
        return float(keywords["loss"])

    def _seed(self, keywords: Mapping[str, Any]) -> int:
        seed = operator.index(keywords.get("seed", 0))
        if not 0 <= seed < 1 << 64:
            raise UsageError(f"{self.rule.title}: the seed is {seed}; it lies between 0 and 2**64 - 1")
        return seed

    def _parts(
        self, phase: Phase, order: Sequence[Argument], arrays: Mapping[str, Any], threads: int
    ) -> list[Mapping[str, Any]]:
        """The arrays of each call: all of them, or ranges of them where elements are independent."""
        program = self._program
        divisible = len(phase.sweeps) == 1 and not (phase.partials or phase.products or phase.numbers)
        if threads == 1 or not divisible or program.has_axes or program.over_model or program.trace.draws:
            return [arrays]
        flat = {a.name: arrays[a.name].reshape(-1) for a in order}
        size = next(iter(flat.values())).size
        return [{name: array[i:j] for name, array in flat.items()} for i, j in chunks(size, threads)]

    def _function(self, what: str) -> Any:
        return getattr(self._lib, self._names.public(self._variant, what, self._ctype))

    def _struct(self, hypers: Mapping[str, float]) -> Any:
        for name in hypers:
            if name not in self.hypers:
                raise UsageError(f"{self.rule.title} has no hyper-parameter {name!r}; {nearest(name, self.hypers)}")
        struct = self._ffi.new(f"{self._names.hyper_type} *")
        for field in self._fields:
            setattr(struct, c_name(field.name), hypers.get(field.name, float(field.default)))
        return struct

    def _check(self, status: int, t: int, hypers: Mapping[str, float]) -> None:
        """Raise what a status says; pointers are never NULL here."""
        if status != OK:
            outside = [field for field in self._fields if not _inside(hypers.get(field.name, field.default), field)]
            domains = [f"{field.domain.describe(field.name)}, got {hypers.get(field.name)}" for field in outside]
            raise DomainError(f"{self.rule.title}: {'; '.join(domains) or f'steps count from 1, got t = {t}'}")


@dataclass(frozen=True)
class Bound:
    """A step on given arrays. The arrays must stay alive and where they are, which NumPy sees to."""

    kernel: CKernel
    function: Any
    calls: Sequence[Call]
    team: Team
    hypers: Mapping[str, float]
    states: dict[str, Any]

    def __call__(self, t: int) -> None:
        """Take step ``t``, counted from 1."""
        step = operator.index(t)
        if step < 1:
            raise DomainError(f"{self.kernel.rule.title}: steps count from 1, got t = {step}")
        self.calls[0].take(self.states)
        if len(self.calls) == 1:
            status = self.calls[0](self.function, step)
        else:
            status = self.team.run(lambda part: self.calls[part](self.function, step), len(self.calls))
        if status != OK:
            self.kernel._check(status, step, self.hypers)
        self.calls[0].give_back(self.states)


@dataclass(frozen=True)
class Library:
    """A loaded shared library and the declarations that it is called by."""

    ffi: Any
    lib: Any


@cache
def _open(path: str, declarations: str) -> Library:
    ffi = needed("cffi").FFI()
    ffi.cdef(declarations)
    return Library(ffi, ffi.dlopen(path))


def _declarations(variants: Sequence[Variant]) -> str:
    """The struct and the functions of a header, as cffi reads them."""
    values = view(variants)
    lines = [f"typedef struct {{ {' '.join(f'double {h.name};' for h in values['hypers'])} }} {values['hyper_type']};"]
    for function in [*values["inits"], *values["phases"]]:
        parameters = ", ".join(function.parameters).replace(f"{RESTRICT} ", "")
        lines.append(f"int {function.name}({parameters});")
    lines += [f"size_t {work.name}({', '.join(work.parameters)});" for work in values["works"]]
    return "\n".join(lines if values["hypers"] else lines[1:])


def _read(folder: Path, name: str) -> dict[str, str]:
    try:
        return {file: (folder / file).read_text(encoding="utf-8") for file in (f"{name}.h", f"{name}.c")}
    except OSError as error:
        raise UsageError(f"{folder} has no kernel of {name}: {error.strerror}") from None


def _inside(value: Any, hyper: HyperInfo) -> bool:
    return math.isfinite(value) and value in hyper.domain
