"""Conversion of an optimizer's state into that of another which is proved to be the same."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from symopt import catalogue
from symopt.errors import UsageError, nearest
from symopt.files import write_bytes
from symopt.ir.nodes import refs
from symopt.ir.trace import STEP
from symopt.lift.arguments import is_number
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.lift.roles import roles_of
from symopt.targets.checkpoint import Group, NotConvertibleError, Settings, Tensor, UndecidedError, of_path
from symopt.targets.checkpoint_keras import KerasFile, keras_bytes
from symopt.targets.checkpoint_npz import read_npz
from symopt.targets.checkpoint_optax import OptaxFile, optax_bytes
from symopt.targets.checkpoint_rule import RuleFile, rule_bytes
from symopt.targets.checkpoint_torch import TorchFile, torch_bytes
from symopt.targets.compare import Answer, answer
from symopt.targets.continued import check_continued
from symopt.targets.relation import Applied
from symopt.targets.resolve import framework_of, object_of, settings_of, subject
from symopt.targets.subject import CATALOGUE, Subject

SCHEMA = "symopt.convert-state/1"
# Which of its codes PyTorch runs; none of these changes what a step computes.
IMPLEMENTATIONS = ("foreach", "fused", "capturable", "differentiable")
SUFFIXES: Mapping[str, str] = {"torch": ".pt"}
LEARNING_RATE = "lr"


class File(Protocol):
    """A checkpoint that was read."""

    @property
    def settings(self) -> list[Settings]:
        """The settings of each group of parameters, as far as the file has them."""


@dataclass(frozen=True)
class Side:
    """An optimizer that a target names: the class, factory or rule, its framework, and what was lifted of it."""

    target: str
    item: Any
    framework: str
    subject: Subject

    @property
    def lifted(self) -> Lifted:
        """What is known of it on all shapes."""
        return self.subject.parts[0]


@dataclass(frozen=True)
class Converted:
    """A state that was written: where, what it came from, the arguments of the optimizer it is for, and remarks."""

    source: str
    target: str
    out: Path
    parameters: int
    steps: int | None
    hypers: tuple[Mapping[str, float], ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt convert-state --json``."""
        return {
            "schema": SCHEMA, "from": self.source, "to": self.target, "out": str(self.out),
            "parameters": self.parameters, "steps": self.steps, "hyper": [dict(item) for item in self.hypers],
            "notes": list(self.notes),
        }  # fmt: skip

    def text(self) -> str:
        """What was written, as people read it."""
        after = "" if self.steps is None else f" after {self.steps} step{'' if self.steps == 1 else 's'}"
        many = f"{self.parameters} parameter{'' if self.parameters == 1 else 's'}"
        lines = [f"wrote {self.out}: the state of {self.target} for {many}{after}"]
        for position, hypers in enumerate(self.hypers):
            group = f"group {position}: " if len(self.hypers) > 1 else ""
            lines.append("  " + group + ", ".join(f"{name} = {value!r}" for name, value in hypers.items()))
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def convert_state(
    checkpoint: Path | str, source: str, target: str, *, out: Path | str | None = None,
    hypers: Mapping[str, float] | None = None, steps: int | None = None, params: Path | str | None = None,
    approximate: bool = False, time_limit: float = 10.0, in_process: bool = False,
) -> Converted:  # fmt: skip
    """Write the state that another optimizer would have after the same steps.

    Parameters
    ----------
    checkpoint: of PyTorch a file of ``torch.save(optimizer.state_dict())``, else an archive of NumPy.
    source, target: whose state it is, and whose it becomes, as on the command line.
    out: the file to write; beside the checkpoint where it is not given.
    hypers: values of the source's hyper-parameters that the checkpoint does not hold, or others.
    steps: the number of steps that were taken, where the checkpoint does not hold it.
    params: an archive of the parameters in their order, where the relation needs them.
    approximate: whether hyper-parameters that would have to change from step to step keep the next step's values.

    Raises
    ------
    NotConvertibleError: there is no proved relation, or it needs what is not there; the message says why.
    UndecidedError: it was not decided whether there is one.
    UsageError, UnsupportedError, MissingToolError: as for ``compare``; a file that cannot be read.
    """
    path = Path(checkpoint)
    item = object_of(source)
    file = _file(path, item, framework_of(item), source)
    given = [{**settings, **(hypers or {})} for settings in file.settings]
    left = _side(source, item, given)
    _check_names(left, hypers or {})
    right_item = object_of(target)
    right = Side(target, right_item, _framework(right_item, target), subject(target))
    found = answer(left.subject, right.subject, time_limit=time_limit, in_process=in_process)
    relation = _relation(found, left, right)
    if relation.changing() and not approximate:
        said = ", ".join(f"{name} = {text}" for name, text in relation.changing().items())
        raise NotConvertibleError(
            f"{source} becomes {target} only with a hyper-parameter that changes from step to step, {said}; "
            "--approximate keeps the value of the next step"
        )
    if isinstance(file, TorchFile):
        file.check_flags(item, source)
    groups = _groups(file, left, given)
    groups = [replace(group, tensors=tuple(_counted(tensor, steps) for tensor in group.tensors)) for group in groups]
    groups = _with_parameters(groups, Path(params)) if params is not None else groups
    made = [_converted(relation, left, right, group) for group in groups]
    notes = dict.fromkeys(f"this holds as long as {note}" for _, lasting in made for note in lasting)
    for name, text in relation.changing().items():
        notes[f"{name} = {text} would change from step to step; it keeps the value of the next step"] = None
    check_continued(relation, [group for group, _ in made], groups, _values(left), exact=not approximate)
    place = Path(out) if out is not None else path.with_name(f"{path.stem}.{right.framework}{_suffix(right)}")
    write_bytes(place, _data(right, [group for group, _ in made]))
    tensors = [tensor for group in groups for tensor in group.tensors]
    counts = {tensor.steps for tensor in tensors}
    return Converted(
        left.subject.title, target, place, len(tensors), counts.pop() if len(counts) == 1 else None,
        tuple(_by_path(right.lifted, group.settings) for group, _ in made), tuple(notes),
    )  # fmt: skip


def _file(path: Path, item: Any, framework: str, target: str) -> Any:
    readers: Mapping[str, Callable[[], File]] = {
        "torch": lambda: TorchFile(path), "optax": lambda: OptaxFile(path),
        "keras": lambda: KerasFile(path, item), CATALOGUE: lambda: RuleFile(path),
    }  # fmt: skip
    return readers[_framework(item, target)]()


def _framework(item: Any, target: str) -> str:
    framework = framework_of(item)
    if not framework:
        raise UsageError(
            f"{target}: there is no format for the state of a step function; converted are optimizers of PyTorch, "
            "optax and Keras, and rules of the catalogue"
        )
    return framework


def _check_names(side: Side, hypers: Mapping[str, float]) -> None:
    """Refuse values of hyper-parameters that there are not."""
    known = [hyper.name for hyper in side.lifted.trace.hypers]
    names = [*known, *side.lifted.hyper_paths.values(), *side.lifted.fixed, *_defaults(side.item)]
    for name in hypers:
        if name not in names:
            raise UsageError(f"{side.subject.title} has no hyper-parameter {name!r}; {nearest(name, known)}")


def _suffix(side: Side) -> str:
    return SUFFIXES.get(side.framework, ".npz")


def _side(target: str, item: Any, groups: Sequence[Settings]) -> Side:
    """The source, with what its checkpoint says of its settings: flags, and numbers that are 0."""
    framework = _framework(item, target)
    fixed = _structure(target, item, groups)
    lifted = subject(_with_settings(target, fixed))
    if lifted.rule is not None:
        return Side(target, item, framework, lifted)
    rest = _unread(item, lifted.parts[0], groups)
    if rest:
        lifted = subject(_with_settings(target, {**fixed, **rest}))
    return Side(target, item, framework, lifted)


def _structure(target: str, item: Any, groups: Sequence[Settings]) -> dict[str, Any]:
    """Settings that decide what a step computes, by name: the same for all groups.

    Raises
    ------
    NotConvertibleError: groups differ in one, or the target in brackets says something else than the checkpoint.
    """
    match = catalogue.TARGET.match(target.strip())
    said = settings_of(target, match["fixed"]) if match and match["fixed"] and framework_of(item) != CATALOGUE else {}
    defaults = _defaults(item)
    fixed: dict[str, Any] = {}
    for name in dict.fromkeys(name for group in groups for name in group):
        if name not in defaults or name in IMPLEMENTATIONS:
            continue
        values = [group.get(name, defaults[name]) for group in groups]
        if name in said and is_number(said[name]) and any(value != said[name] for value in values):
            raise NotConvertibleError(
                f"{target} says {name} = {said[name]!r}, and the checkpoint {name} = {values[0]!r}"
            )
        structural = [value for value in values if _is_structural(name, value, defaults[name])]
        if not structural or name in said:
            continue
        if any(value != values[0] for value in values):
            raise NotConvertibleError(
                f"groups of the checkpoint differ in {name} ({values}), which changes what a step computes"
            )
        fixed[name] = values[0]
    return fixed


def _is_structural(name: str, value: Any, default: Any) -> bool:
    if is_number(value):
        return bool(value == 0) and LEARNING_RATE not in roles_of(name)[:1]
    return not isinstance(value, tuple | list) and value != default


def _defaults(item: Any) -> dict[str, Any]:
    if not callable(item):
        return dict.fromkeys(getattr(item, "hypers", {}))
    return {name: parameter.default for name, parameter in inspect.signature(item).parameters.items()}


def _unread(item: Any, lifted: Lifted, groups: Sequence[Settings]) -> dict[str, Any]:
    """Settings of the checkpoint that are no hyper-parameters of the trace and were taken to be something else."""
    free = {path.partition("[")[0] for path in lifted.hyper_paths.values()}
    found = {}
    for name, default in _defaults(item).items():
        value = groups[0].get(name, inspect.Parameter.empty) if groups else inspect.Parameter.empty
        if name in free or name in IMPLEMENTATIONS or value is inspect.Parameter.empty:
            continue
        if value != lifted.fixed.get(name, default) and isinstance(value, bool | int | float | str | None):
            found[name] = value
    return found


def _with_settings(target: str, fixed: Settings) -> str:
    if not fixed:
        return target
    match = catalogue.TARGET.match(target.strip())
    what, before = (match["what"], match["fixed"]) if match else (target, None)
    settings = [*([before] if before else []), *(f"{name}={value!r}" for name, value in fixed.items())]
    return f"{what}[{','.join(settings)}]"


def _relation(found: Answer, left: Side, right: Side) -> Applied:
    """What was proved.

    Raises
    ------
    NotConvertibleError, UndecidedError: nothing was.
    """
    verdict = found.verdict
    if verdict.verdict == "unknown":
        raise UndecidedError(f"{verdict.left} and {verdict.right}: undecided; {verdict.reason}")
    if verdict.verdict == "different" or verdict.state_map is None:
        when = "; ".join(verdict.conditions)
        raise NotConvertibleError(
            f"no state of {verdict.right} continues one of {verdict.left}: {verdict.cause or 'the two differ'}"
            + (f" ({when})" if when else "")
        )
    for side in (left, right):
        if len(side.subject.parts) > 1 or side.lifted.scope != ALL_SHAPES:
            raise NotConvertibleError(
                f"{side.subject.title} treats shapes differently ({', '.join(p.scope for p in side.subject.parts)}); "
                "converted are states of optimizers that treat all shapes alike"
            )
    settled = found.compared.settled if found.compared is not None else None
    return Applied(verdict, left.lifted.trace, right.lifted.trace, settled)


def _groups(file: Any, left: Side, given: Sequence[Settings]) -> list[Group]:
    found = (
        file.groups(left.lifted.trace) if isinstance(file, RuleFile) else file.groups(left.lifted, left.subject.title)
    )
    groups = [replace(group, settings=settings) for group, settings in zip(found, given, strict=True)]
    if all(tensor.is_fresh for group in groups for tensor in group.tensors):
        raise NotConvertibleError(f"{file.path} is from before the first step: there is no state to convert yet")
    return groups


def _counted(tensor: Tensor, steps: int | None) -> Tensor:
    if steps is None or tensor.steps == steps:
        return tensor
    if tensor.steps is not None:
        raise UsageError(f"--steps {steps}: the checkpoint says that {tensor.steps} steps were taken")
    return replace(tensor, steps=steps)


def _with_parameters(groups: Sequence[Group], path: Path) -> list[Group]:
    """The groups with the values of the parameters, from an archive that has them in their order."""
    arrays = list(read_npz(path)[0].values())
    number = sum(len(group.tensors) for group in groups)
    if len(arrays) != number:
        raise UsageError(f"{path} holds {len(arrays)} arrays, and the checkpoint is of {number} parameters")
    rest = iter(arrays)
    return [
        replace(group, tensors=tuple(replace(tensor, values=next(rest)) for tensor in group.tensors))
        for group in groups
    ]


def _values(side: Side) -> Callable[[Group], dict[str, float]]:
    """The hyper-parameters of a group by the names of the trace.

    Raises
    ------
    UsageError: the checkpoint does not hold one.
    """

    def values(group: Group) -> dict[str, float]:
        found = {}
        for hyper in side.lifted.trace.hypers:
            path = side.lifted.hyper_paths.get(hyper.name, hyper.name)
            value = group.settings.get(hyper.name)
            value = of_path(group.settings, path) if value is None else value
            if value is None:
                raise UsageError(
                    f"the checkpoint does not hold {path} of {side.subject.title}: give it by --hyper {hyper.name}=..."
                )
            found[hyper.name] = float(value)
        return found

    return values


def _converted(relation: Applied, left: Side, right: Side, group: Group) -> tuple[Group, list[str]]:
    """A group of the other side, its settings by the names of the trace, and the conditions that must go on."""
    values = _values(left)(group)
    tensors, notes = [], []
    after = {tensor.steps for tensor in group.tensors if not tensor.is_fresh}
    if relation.changing() and len(after) > 1:
        raise NotConvertibleError("parameters of one group have taken different numbers of steps")
    t = next(iter(after), None)
    own = relation.hypers(values, None if t is None else t + 1)
    is_counted = STEP in refs(*right.lifted.trace.step().values()) and bool(right.lifted.counters)
    for tensor in group.tensors:
        if tensor.is_fresh:
            tensors.append(tensor)
            continue
        if tensor.steps is None and is_counted:
            raise NotConvertibleError(
                f"{right.subject.title} counts its steps, and the checkpoint of {left.subject.title} does not hold "
                "their number: give it by --steps"
            )
        if tensor.shape is None and right.lifted.trace.states:
            raise NotConvertibleError("the checkpoint does not hold the shapes of the parameters: give --params FILE")
        notes += relation.lasting(values, tensor)
        tensors.append(replace(tensor, states=relation.states(tensor, values, own)))
    return Group(own, tuple(tensors)), notes


def _by_path(lifted: Lifted, hypers: Mapping[str, float]) -> dict[str, float]:
    return {lifted.hyper_paths.get(name, name): value for name, value in hypers.items()}


def _data(right: Side, groups: Sequence[Group]) -> bytes:
    title = right.subject.title
    match right.framework:
        case "torch":
            return torch_bytes(right.item, right.lifted, groups, title)
        case "optax":
            return optax_bytes(right.item, right.lifted, groups, title)
        case "keras":
            return keras_bytes(right.item, right.lifted, groups, title)
    return rule_bytes(right.lifted.trace, groups)
