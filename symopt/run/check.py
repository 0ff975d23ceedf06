"""The cross-check: the kernels of a rule against each other, against exact arithmetic, and against originals."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from symopt.backends.base import DTYPES, Variant, fixes_options_alone, variants_beside
from symopt.catalogue import resolve, rule_names
from symopt.errors import MissingToolError, UnsupportedError
from symopt.ir.nodes import refs
from symopt.lang.rule import Rule
from symopt.run.agreement import Steps, rounds_in_one_way, same_path
from symopt.run.hostile import (
    BLOCKS,
    HOSTILE,
    LENGTHS,
    MATRICES,
    MILD,
    MODELS,
    MODELS_OF_MATRICES,
    ZERO_GRADIENTS,
    ZERO_PARAMETERS,
    Feed,
    inside,
)
from symopt.run.modules import Kernel, NumPyKernel, TorchKernel, load_module
from symopt.run.oracle import Distance, against_exact
from symopt.run.originals import against_originals
from symopt.run.report import NONE, REFUSED, Cell, Report, Row
from symopt.run.trial import Trial

Progress = Callable[[int, int, str], None]
Shapes = Sequence[tuple[int, ...]]

ELEMENTS = 48  # that exact arithmetic computes, a step
EXACT_STEPS = 5


def check(rules: Sequence[Rule] | None = None, progress: Progress | None = None) -> Report:
    """Check the kernels of some rules, or of the whole catalogue.

    A configured rule is checked as it is; one without settings, in every variant.
    """
    chosen = list(rules) if rules else [resolve(name) for name in rule_names()]
    rows: list[Row] = []
    notes: dict[str, None] = {}
    with _one_thread():
        for done, rule in enumerate(chosen):
            if progress is not None:
                progress(done, len(chosen), rule.title)
            try:
                variants = variants_beside(rule)
                asked = [v for v in variants if not rule.settings or v.rule.options == rule.options]
            except UnsupportedError as error:
                notes[f"no kernels: {error}"] = None
                continue
            rows += _rows(variants, asked, notes)
    return Report(tuple(rows), tuple(notes))


@contextmanager
def _one_thread() -> Iterator[None]:
    """PyTorch on one thread, where it is installed: on small tensors several only wait for each other."""
    try:
        torch = importlib.import_module("torch")
    except ImportError:
        yield
        return
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _rows(variants: list[Variant], asked: list[Variant], notes: dict[str, None]) -> list[Row]:
    numpy_module = load_module("numpy", variants)
    torch_module = _available(partial(load_module, "torch", variants), notes)
    rows = []
    for variant in asked:
        reference = NumPyKernel(numpy_module, variant)
        torch = torch_module if isinstance(torch_module, Cell) else TorchKernel(torch_module, variant)
        for dtype in DTYPES:
            c = _available(partial(_load_c, variant.rule, dtype), notes)
            rows.append(_row(variant, dtype, reference, c, torch))
    return rows


def _row(variant: Variant, dtype: str, reference: Kernel, c: Kernel | Cell, torch: Kernel | Cell) -> Row:
    """All comparisons; a cell in place of a kernel says why there is none."""
    trials = trials_of(variant, dtype, varied(variant))
    steps = Steps(trials, reference)
    return Row(
        variant.rule.title,
        dtype,
        _kind(variant),
        c if isinstance(c, Cell) else _against_c(trials, reference, c, steps),
        torch if isinstance(torch, Cell) else steps.cell(torch),
        _exact(variant, reference, dtype),
        _original(variant, reference, dtype),
    )


def _against_c(trials: Sequence[Trial], reference: Kernel, kernel: Kernel, steps: Steps) -> Cell:
    return same_path(trials, reference, kernel) if rounds_in_one_way(trials[0].variant) else steps.cell(kernel)


# On what


def varied(variant: Variant) -> dict[str, float]:
    """Hyper-parameters at which every term shows: none at a landmark of its domain, and schedules as they are set."""
    recorded = variant.trace
    read = refs(*(let.value for let in recorded.lets if let.name in recorded.scheduled.values()))
    kept = {name for name in read if name not in recorded.scheduled}
    return {
        hyper.name: float(hyper.default) if hyper.name in kept else inside(hyper.domain, position)
        for position, hyper in enumerate(recorded.hypers)
    }


def trials_of(variant: Variant, dtype: str, hypers: Mapping[str, float]) -> list[Trial]:
    """All runs by which kernels are compared with each other."""
    return [Trial(variant, dtype, hypers, shapes, feed) for shapes, feed in _fed(variant)]


def _fed(variant: Variant) -> list[tuple[Shapes, Feed]]:
    program = variant.program
    zeros = (ZERO_PARAMETERS, ZERO_GRADIENTS)
    if program.over_model:
        models = MODELS_OF_MATRICES if program.has_axes else MODELS
        feeds = (MILD,) if program.has_axes else (MILD, HOSTILE)
        return [*((m, f) for f in feeds for m in models), *((models[1], f) for f in zeros)]
    if program.has_axes:
        few = ((3, 4), (17, 9))
        return [*(([shape], MILD) for shape in MATRICES), *(([shape], f) for f in zeros for shape in few)]
    hostile: list[tuple[Shapes, Feed]] = [([(n,)], HOSTILE) for n in LENGTHS]
    if not any(phase.partials for phase in program.phases):
        return hostile
    return [*hostile, *(([(n,)], MILD) for n in (9, BLOCKS)), *(([(9,)], f) for f in zeros)]


def exact_trials(variant: Variant, dtype: str) -> list[Trial]:
    """The runs that are compared with exact arithmetic, which takes time: few elements, or small tensors."""
    program = variant.program
    fed: list[tuple[Shapes, Feed]] = [([(ELEMENTS,)], HOSTILE)]
    if program.over_model:
        model = ((3, 2), (0, 2), (1, 1)) if program.has_axes else ((3,), (0,), (2, 2))
        fed = [(model, MILD)]
    elif program.has_axes:
        fed = [([shape], MILD) for shape in ((3, 4), (4, 3), (1, 1), (4, 4))]
    elif any(phase.partials for phase in program.phases):
        fed = [([(5,)], HOSTILE), ([(5,)], MILD)]
    return [Trial(variant, dtype, varied(variant), shapes, feed) for shapes, feed in fed]


def _kind(variant: Variant) -> str:
    what = "matrices" if variant.program.has_axes else "arrays"
    return f"models of {what}" if variant.program.over_model else what


def _exact(variant: Variant, kernel: Kernel, dtype: str) -> Cell:
    found = Distance()
    for trial in exact_trials(variant, dtype):
        found = found.joined(against_exact(trial, kernel, EXACT_STEPS))
    if not found.compared:
        return Cell("nothing in range", False)
    return Cell(str(found), found.share <= 1)


def _original(variant: Variant, kernel: Kernel, dtype: str) -> Cell:
    found = against_originals(variant, kernel, dtype) if fixes_options_alone(variant.rule) else []
    return Cell(", ".join(f"{name} {distance:.3g} ulp" for name, distance in found), None if not found else True)


def _load_c(rule: Rule, dtype: str) -> Kernel:
    from symopt.run.kernel import load  # needs packages of the extra [c]

    return load(rule, dtype)


def _available(make: Callable[[], Any], notes: dict[str, None]) -> Any:
    """What ``make`` gives, or the cell that stands for it, with a note, where a tool is missing or it is refused."""
    try:
        return make()
    except MissingToolError as error:
        notes[f"not compared: {error}"] = None
        return NONE
    except UnsupportedError as error:
        notes[f"no kernel: {error}"] = None
        return REFUSED
