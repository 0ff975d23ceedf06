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

from symopt.backends.base import Variant, render_variants, variants_of
from symopt.backends.c import BACKEND, view
from symopt.backends.c_interface import RESTRICT, Names, arrays_of, hypers_of, init_arrays_of, init_takes_hyper
from symopt.errors import DomainError, UsageError, nearest
from symopt.ir.trace import PARAMETER, HyperInfo
from symopt.lang.declare import Option
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.printers.c import CTYPES, c_name
from symopt.run.compile import needed, shared_library
from symopt.run.team import Team, chunks, team

Array = NDArray[Any]
OK = 0


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
    variants, variant = _variants(configured)
    if folder is None:
        files = render_variants(BACKEND, variants)
    elif set(configured.settings) <= set(configured.declared(Option)):
        files = _read(folder, configured.name)
    else:
        raise UsageError(f"{configured.title} fixes hyper-parameters, and {folder} holds kernels that take them")
    library = shared_library(files, f"{configured.name}.c")
    return CKernel(_open(str(library), _declarations(variants)), variants, variant, dtype)


class CKernel:
    """The functions of one variant of a rule in one element type.

    Arrays are C-contiguous, of one shape and of ``dtype``; they are updated in place. ``states``
    are the names of the states, ``hypers`` the hyper-parameters with their defaults; every method
    takes hyper-parameters by keyword.
    """

    def __init__(self, library: Library, variants: Sequence[Variant], variant: Variant, dtype: str) -> None:
        self._ffi, self._lib = library.ffi, library.lib
        self._names, self._variant, self._ctype = Names(variants), variant, CTYPES[dtype]
        self._fields = hypers_of(variants)
        self.rule = variant.rule
        self.dtype: np.dtype[Any] = np.dtype(dtype)
        self.states = tuple(state.name for state in variant.trace.states)
        self.gradients = tuple(query.name for query in variant.trace.queries)
        self.hypers = {hyper.name: float(hyper.default) for hyper in variant.trace.hypers}

    def init(self, p: Array, /, **hypers: float) -> dict[str, Array]:
        """The states before the first step, as new arrays of the shape of ``p``."""
        states = {name: np.empty_like(p, order="C") for name in self.states}
        if states:
            order = init_arrays_of(self._variant)
            arrays = self._arrays("init", order, {PARAMETER: p, **states})
            struct = [self._struct(hypers)] if init_takes_hyper(self._variant) else []
            function = self._function("init")
            self._check(function(p.size, *struct, *map(self._pointer, arrays, order)), 1, hypers)
        return states

    def point(
        self, p: Array, states: Mapping[str, Array], t: int, phase: str = "point",
        gradients: Mapping[str, Array] | None = None, /, **hypers: float,
    ) -> Array:  # fmt: skip
        """Where the gradient of step ``t`` is asked for, as a new array.

        ``phase`` and ``gradients`` are for rules that ask for several: the name of the function,
        and the gradients known by then.
        """
        out = np.empty_like(p, order="C")
        self._bound(phase, {PARAMETER: p, **states, **(gradients or {}), phase: out}, 1, hypers)(t)
        return out

    def step(
        self, p: Array, g: Array | Mapping[str, Array], states: Mapping[str, Array], t: int, /, **hypers: float
    ) -> None:
        """Step ``t`` (from 1): updates ``p`` and the states; ``g`` is the gradient, or several by name."""
        self.bind(p, g, states, 1, **hypers)(t)

    def bind(
        self,
        p: Array,
        g: Array | Mapping[str, Array],
        states: Mapping[str, Array],
        threads: int = 1,
        /,
        **hypers: float,
    ) -> Bound:
        """A function of ``t`` that takes a step on these arrays; checks and addresses are settled once.

        Large arrays are divided among ``threads``; the result does not depend on their number.
        """
        gradients = g if isinstance(g, Mapping) else {self.gradients[0]: g}
        return self._bound("step", {PARAMETER: p, **gradients, **states}, threads, hypers)

    def _bound(self, phase: str, given: Mapping[str, Array], threads: int, hypers: Mapping[str, float]) -> Bound:
        phases = {found.name: found for found in self._variant.program.phases}
        if phase not in phases:
            raise UsageError(f"{self.rule.title} has no function {phase!r}; {nearest(phase, phases)}")
        order = arrays_of(phases[phase])
        arrays = self._arrays(phase, order, given)
        struct = [self._struct(hypers)] if self._names.takes_hyper else []
        calls = [
            (
                stop - start,
                [self._pointer(array.reshape(-1)[start:stop], item) for array, item in zip(arrays, order, strict=True)],
            )
            for start, stop in chunks(arrays[0].size, threads)
        ]
        return Bound(self, self._function(phase), struct, calls, team(threads), dict(hypers))

    def _function(self, what: str) -> Any:
        return getattr(self._lib, self._names.public(self._variant, what, self._ctype))

    def _arrays(self, phase: str, order: Sequence[tuple[str, bool]], given: Mapping[str, Array]) -> list[Array]:
        """The arrays in the order of the function's arguments, checked."""
        wanted = [name for name, _ in order]
        known = {PARAMETER, *self.states, *self.gradients, *wanted}
        for name in given:
            if name not in known:
                raise UsageError(f"{self.rule.title} has no array {name!r}; {nearest(name, sorted(known))}")
        for name in wanted:
            if name not in given:
                raise UsageError(f"{phase} of {self.rule.title} needs the array {name!r}")
        shape = given[wanted[0]].shape
        for name, written in order:
            self._check_array(name, given[name], shape, written)
        _check_overlap([(name, given[name], written) for name, written in order])
        return [given[name] for name in wanted]

    def _check_array(self, name: str, array: Array, shape: tuple[int, ...], written: bool) -> None:
        problem = ""
        if not isinstance(array, np.ndarray) or array.dtype != self.dtype:
            problem = f"is {getattr(array, 'dtype', type(array).__name__)}; this kernel takes {self.dtype}"
        elif array.shape != shape:
            problem = f"has the shape {array.shape}; the others have {shape}"
        elif not array.flags.c_contiguous:
            problem = "is not contiguous; pass np.ascontiguousarray of it"
        elif written and not array.flags.writeable:
            problem = "is read-only and would be updated"
        if problem:
            raise UsageError(f"{self.rule.title}: the array {name} {problem}")

    def _pointer(self, array: Array, item: tuple[str, bool]) -> Any:
        return self._ffi.from_buffer(f"{self._ctype.name}[]", array, require_writable=item[1])

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
    struct: Sequence[Any]
    calls: Sequence[tuple[int, Sequence[Any]]]
    team: Team
    hypers: Mapping[str, float]

    def __call__(self, t: int) -> None:
        """Take step ``t``, counted from 1."""
        step = operator.index(t)
        if step < 1:
            raise DomainError(f"{self.kernel.rule.title}: steps count from 1, got t = {step}")
        if len(self.calls) == 1:
            size, pointers = self.calls[0]
            status = self.function(size, step, *self.struct, *pointers)
        else:
            status = self.team.run(lambda chunk: self._call(chunk, step), len(self.calls))
        if status != OK:
            self.kernel._check(status, step, self.hypers)

    def _call(self, chunk: int, step: int) -> int:
        size, pointers = self.calls[chunk]
        return self.function(size, step, *self.struct, *pointers)  # type: ignore[no-any-return]  # cffi is untyped


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
    return "\n".join(lines if values["hypers"] else lines[1:])


def _variants(rule: Rule) -> tuple[list[Variant], Variant]:
    """The variants that share the source of a rule, and the one that it is.

    A rule with fixed hyper-parameters or schedules has a source of its own.
    """
    if set(rule.settings) <= set(rule.declared(Option)):
        variants = variants_of(type(rule))
        return variants, replace(next(v for v in variants if v.rule.options == rule.options), rule=rule)
    recorded = trace(rule)
    own = Variant(rule, "", recorded, lower(recorded))
    return [own], own


def _read(folder: Path, name: str) -> dict[str, str]:
    try:
        return {file: (folder / file).read_text(encoding="utf-8") for file in (f"{name}.h", f"{name}.c")}
    except OSError as error:
        raise UsageError(f"{folder} has no kernel of {name}: {error.strerror}") from None


def _inside(value: Any, hyper: HyperInfo) -> bool:
    return math.isfinite(value) and value in hyper.domain


def _check_overlap(arrays: Sequence[tuple[str, Array, bool]]) -> None:
    """Arrays that are written must not share memory with any other; for contiguous ones bounds tell."""
    for position, (name, array, written) in enumerate(arrays):
        for other, second, also_written in arrays[:position]:
            if (written or also_written) and np.may_share_memory(array, second):
                raise UsageError(f"the arrays {other} and {name} overlap; the kernel needs memory of its own for each")
