"""What a target names: a rule, a class or function of a library or a file, a function in C.

Reading a Python file runs it. C is read and never run.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from symopt import catalogue
from symopt.errors import MissingToolError, SpecError, UsageError, nearest
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.lift.arguments import FREE, is_pinned
from symopt.lift.lifted import Lifted
from symopt.passes.tracing import trace
from symopt.targets.pinned import pinned
from symopt.targets.subject import CATALOGUE, Origin, Subject

Settings = Mapping[str, Any]
# What a step function of a file is called, or ends with.
STEP_NAMES = ("step", "update")
# What optax's functions that make a transformation say they return.
TRANSFORMATION = "GradientTransformation"
C_SUFFIXES = (".c", ".h")
# Package -> what installs it, where that is not its own name.
INSTALLED_BY = {"torch": "torch", "optax": "optax", "jax": "jax", "keras": "keras"}


def subject(target: str | Rule | type[Rule] | Trace | Subject | Any) -> Subject:
    """What a target stands for: a text as on the command line, a rule, a trace, an optimizer class or a function.

    Raises
    ------
    UsageError: it names nothing.
    SpecError: a file cannot be run, or its rule is none.
    UnsupportedError: the code does something that is not lifted.
    MissingToolError: its framework is not installed.
    """
    match target:
        case Subject():
            return target
        case Trace():
            return Subject(target.title, (Lifted(target, CATALOGUE),))
        case Rule():
            return of_rule(target)
        case str():
            return of_text(target)
    if isinstance(target, type) and issubclass(target, Rule):
        return of_rule(target())
    return of_object(target, getattr(target, "__qualname__", repr(target)), {})


def of_rule(rule: Rule) -> Subject:
    """A configured rule."""
    found = trace(rule)
    return Subject(found.title, (Lifted(found, CATALOGUE),), rule)


def of_text(target: str) -> Subject:
    """A target of the command line."""
    match = catalogue.TARGET.match(target.strip())
    what = match["what"] if match is not None else target
    path, _, name = what.partition(":")
    if path.endswith(C_SUFFIXES):
        return _of_c(target, Path(path), name, settings_of(target, match["fixed"] if match else None))
    if path.endswith(".py"):
        return _of_file(target, Path(path), name, match["fixed"] if match else None)
    if _is_dotted(what):
        item = _imported(what)
        found = of_object(item, target, settings_of(target, match["fixed"] if match else None))
        module, names = _module_of(what)
        return replace(found, origin=Origin(".".join(names), module.__name__, item=item))
    return of_rule(catalogue.resolve(target))


def object_of(target: str) -> Any:
    """The class, function or configured rule that a text names; settings of a class or function are left out.

    Raises
    ------
    UsageError: it names nothing, or a function in C.
    """
    match = catalogue.TARGET.match(target.strip())
    what = match["what"] if match is not None else target
    path, _, name = what.partition(":")
    if path.endswith(C_SUFFIXES):
        raise UsageError(f"{target} is a function in C, which keeps no state of its own")
    if path.endswith(".py"):
        module = catalogue.import_file(Path(path))
        item = _candidates(module).get(name or next(iter(_candidates(module)), ""))
        if item is not None and not (isinstance(item, type) and issubclass(item, Rule)):
            return item
    return _imported(what) if _is_dotted(what) and not path.endswith(".py") else catalogue.resolve(target)


def framework_of(item: Any) -> str:
    """The framework of an optimizer class, of a function that makes a transformation of optax, or of a rule."""
    if isinstance(item, Rule):
        return CATALOGUE
    if inspect.isclass(item):
        known = {"torch": ("torch.optim", "Optimizer"), "keras": ("keras.optimizers", "Optimizer")}
        return next((name for name, base in known.items() if _is_subclass(item, *base)), "")
    return "optax" if callable(item) and not is_step(item) and _uses_jax(item) else ""


def settings_of(target: str, text: str | None) -> dict[str, Any]:
    """The settings in brackets, read as literals and never evaluated; ``free`` makes an argument symbolic.

    Raises
    ------
    UsageError: they are no settings.
    """
    values: dict[str, Any] = {}
    for keyword in catalogue.keywords_of(target, text or ""):
        assert keyword.arg is not None
        if isinstance(keyword.value, ast.Name) and keyword.value.id == FREE:
            values[keyword.arg] = FREE
            continue
        try:
            values[keyword.arg] = ast.literal_eval(keyword.value)
        except catalogue.UNREADABLE:
            said = ast.unparse(keyword.value)
            raise UsageError(f"{target!r}: {said} is neither a literal, as in lr=0.1 or flag=True, nor free") from None
    return values


def of_object(item: Any, title: str, fixed: Settings) -> Subject:
    """A class or a function of somebody's code.

    Raises
    ------
    UsageError: it is no optimizer.
    """
    return Subject(title, pinned(lifted_object(item, title, fixed), fixed), None, fixed)


def lifted_object(item: Any, title: str, fixed: Settings) -> list[Lifted]:
    """What a class or a function of somebody's code is lifted to; numbers with decimals are still free.

    Raises
    ------
    UsageError: it is no optimizer.
    """
    lift = _lifter(item)
    if lift is None:
        kind = "class" if inspect.isclass(item) else type(item).__name__
        raise UsageError(
            f"{title} is a {kind} and no optimizer; a target is a torch.optim.Optimizer, a Keras optimizer, a function "
            "that makes an optax transformation, step(params, grads, state, ...), or a class with such a method"
        )
    return lift(title, fixed)


Lift = Callable[[str, Settings], list[Lifted]]


def _lifter(item: Any, init: Callable[..., Any] | None = None) -> Lift | None:
    """How an object is lifted; frameworks that are not imported have made none."""
    if inspect.isclass(item):
        if _is_subclass(item, "torch.optim", "Optimizer"):
            from symopt.lift.torch import lift_class

            return lambda title, fixed: lift_class(item, title, fixed)
        if _is_subclass(item, "keras.optimizers", "Optimizer"):
            from symopt.lift.keras import lift_keras

            return lambda title, fixed: lift_keras(item, title, fixed)
        from symopt.lift.numpy.objects import step_method

        if step_method(item) is None:
            return None
        from symopt.lift.numpy.lift import lift_numpy_class

        return lambda title, fixed: lift_numpy_class(item, title, fixed)
    if not callable(item):
        return None
    if is_step(item):
        if _uses_jax(item):
            from symopt.lift.jax import lift_jax_function

            return lambda title, fixed: lift_jax_function(item, init, title, fixed)
        from symopt.lift.numpy.lift import lift_numpy

        return lambda title, fixed: lift_numpy(item, init, title, fixed)
    if find_spec("optax") is not None and _uses_jax(item):
        from symopt.lift.jax import lift_optax

        return lambda title, fixed: lift_optax(item, title, fixed)
    return None


def _is_subclass(cls: type, module: str, name: str) -> bool:
    """Whether a class derives from one of a framework; only a framework that is imported already has subclasses."""
    return any(
        base.__name__ == name and base.__module__.partition(".")[0] == module.partition(".")[0] for base in cls.__mro__
    ) and not (cls.__name__ == name and cls.__module__.startswith(module.partition(".")[0]))


def is_step(item: Callable[..., Any]) -> bool:
    """Whether a function takes parameters and gradients first: two arguments without defaults."""
    try:
        signature = inspect.signature(item)
    except (TypeError, ValueError):
        return False
    if TRANSFORMATION in str(signature.return_annotation):
        return False
    first = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)][:2]
    return len(first) == 2 and all(p.default is p.empty for p in first)


def _uses_jax(item: Any) -> bool:
    """Whether the module of a function, or that of what a partial wraps, has imported JAX."""
    function = inspect.unwrap(getattr(item, "func", item))
    names = getattr(function, "__globals__", {})
    imported = (getattr(value, "__name__", "") or "" for value in names.values() if isinstance(value, ModuleType))
    own = (getattr(value, "__module__", "") or "" for value in names.values())
    return any(str(name).partition(".")[0] in ("jax", "optax") for name in (*imported, *own))


def _is_dotted(what: str) -> bool:
    parts = what.split(".")
    return len(parts) > 1 and all(part.isidentifier() for part in parts)


def _imported(path: str) -> Any:
    """The object that a dotted path names."""
    package = path.partition(".")[0]
    if package == "keras":
        from symopt.run.frameworks import framework

        framework("keras")  # chooses the backend before the import
    if find_spec(package) is None:
        raise MissingToolError(f"{path}: {package} is not installed: pip install {INSTALLED_BY.get(package, package)}")
    module, names = _module_of(path)
    item: Any = module
    for name in names:
        if not hasattr(item, name):
            known = [key for key in vars(item) if not key.startswith("_")] if hasattr(item, "__dict__") else []
            raise UsageError(f"{getattr(item, '__name__', path)} has no {name!r}; {nearest(name, known)}")
        item = getattr(item, name)
    return item


def _module_of(path: str) -> tuple[ModuleType, list[str]]:
    """The longest beginning of a path that is a module, and the names that are left."""
    parts = path.split(".")
    for i in range(len(parts) - 1, 0, -1):
        name = ".".join(parts[:i])
        try:
            return importlib.import_module(name), parts[i:]
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise MissingToolError(f"{name} needs {error.name}: pip install {error.name}") from error
        except Exception as error:  # a package is somebody's code: any exception is a message about it
            raise UsageError(f"{name} cannot be imported: {type(error).__name__}: {error}") from error
    raise UsageError(f"no module is called {parts[0]}")


def _module_at(path: Path) -> ModuleType:
    """The module of a file; where that needs a framework that is not there, that is said."""
    try:
        return catalogue.import_file(path)
    except SpecError as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else None
        if missing not in INSTALLED_BY:
            raise
        raise MissingToolError(f"{path} needs {missing}: pip install {INSTALLED_BY[missing]}") from error


def _of_file(target: str, path: Path, name: str, fixed: str | None) -> Subject:
    """What a Python file holds: rules, optimizer classes, step functions."""
    module = _module_at(path)
    candidates = _candidates(module)
    if not candidates:
        raise UsageError(
            f"{path} defines no optimizer: no rule, no subclass of torch.optim.Optimizer or "
            "keras.optimizers.Optimizer, no function step(params, grads, ...)"
        )
    if not name and len(candidates) > 1:
        raise UsageError(f"{path} defines several candidates; add one after a colon; known: {', '.join(candidates)}")
    chosen = name or next(iter(candidates))
    item = candidates.get(chosen, getattr(module, chosen, None))
    if item is None:
        raise UsageError(f"{path} defines no {chosen!r}; {nearest(chosen, candidates)}")
    if isinstance(item, type) and issubclass(item, Rule):
        return of_rule(catalogue.resolve(target))
    init = _init_of(module, chosen)
    lift = _lifter(item, init)
    if lift is None:
        return of_object(item, target, {})
    settings = settings_of(target, fixed)
    name_of_init = next((key for key, value in vars(module).items() if init is not None and value is init), None)
    origin = Origin(chosen, path=str(path.resolve()), init=name_of_init, item=item)
    return Subject(target, pinned(lift(target, settings), settings), None, settings, origin)


def _candidates(module: ModuleType) -> dict[str, Any]:
    """The rules and optimizers that a module itself defines, by name; where it has none, its step functions."""
    found: dict[str, Any] = {}
    functions: dict[str, Any] = {}
    for name, item in vars(module).items():
        if getattr(item, "__module__", None) != module.__name__:
            continue
        if isinstance(item, type):
            if issubclass(item, Rule) or _lifter(item) is not None:
                found[name] = item
        elif inspect.isfunction(item) and is_step(item) and name.endswith(STEP_NAMES):
            functions[name] = item
    return found or functions


def _init_of(module: ModuleType, name: str) -> Callable[..., Any] | None:
    """The function beside a step function that makes its state: init, or init with what the step is called after."""
    stem = name
    for suffix in STEP_NAMES:
        stem = stem.removesuffix(suffix).strip("_")
    for candidate in (f"init_{stem}", f"{stem}_init", f"init{name.removeprefix('step')}", "init"):
        found = getattr(module, candidate, None)
        if callable(found):
            return found  # type: ignore[no-any-return]  # a function of a user's module
    return None


def _of_c(target: str, path: Path, name: str, fixed: Settings) -> Subject:
    """A function of a file in C."""
    from symopt.lift.c import c_functions, lift_c

    if not os.path.isfile(path):
        raise UsageError(f"{path} is a folder; a target is a file" if os.path.isdir(path) else f"no file {path}")
    candidates = c_functions(path)
    if not name and len(candidates) != 1:
        listed = f"several candidates; add one after a colon: {', '.join(candidates)}"
        raise UsageError(f"{path} holds {listed if candidates else 'no function over arrays of float or double'}")
    chosen = name or candidates[0]
    if chosen not in candidates:
        raise UsageError(f"{path} holds no function {chosen!r} over arrays; {nearest(chosen, candidates)}")
    numbers = {argument: value for argument, value in fixed.items() if is_pinned(value)}
    rest = {argument: value for argument, value in fixed.items() if argument not in numbers}
    lifted = lift_c(path, chosen, target, rest)
    # A number that is no hyper-parameter is the initial value of a state.
    hypers = {item for part in lifted for item in part.hyper_paths.values()}
    initial = {argument: value for argument, value in numbers.items() if argument not in hypers}
    parts = pinned(lift_c(path, chosen, target, {**rest, **initial}) if initial else lifted, fixed)
    return Subject(target, parts, None, fixed, Origin(chosen, path=str(path)))
