"""Somebody's optimizer, run as it is: the lines of a function that imports it, builds it and makes the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symopt.lift.arguments import parameters_of
from symopt.lift.signature import Signature, read_signature
from symopt.targets.resolve import is_step
from symopt.targets.subject import Origin, Subject

TORCH = """\
import torch

torch.set_default_dtype(torch.float64)
{imported}
parameter = torch.nn.Parameter(torch.tensor(p))
optimizer = {optimizer}([parameter]{arguments})
for answers in gradients:
    parameter.grad = torch.tensor(answers[0])
    optimizer.step()
return parameter.detach().numpy()"""
OPTAX = """\
import jax

jax.config.update("jax_enable_x64", True)
import optax

{imported}
optimizer = optax.with_extra_args_support({optimizer}({arguments}))
parameter = jax.numpy.asarray(p)
state = optimizer.init(parameter)
for step, answers in enumerate(gradients):
    gradient = jax.numpy.asarray(answers[0])
    updates, state = optimizer.update(gradient, state, parameter, value={losses}[step], grad=gradient)
    parameter = optax.apply_updates(parameter, updates)
return np.asarray(parameter)"""
KERAS = """\
import os

os.environ.setdefault("KERAS_BACKEND", "jax")
import jax

jax.config.update("jax_enable_x64", True)
import keras

keras.config.set_floatx("float64")
{imported}
parameter = keras.Variable(p, dtype="float64")
optimizer = {optimizer}({arguments})
for answers in gradients:
    optimizer.apply([keras.ops.convert_to_tensor(answers[0], dtype="float64")], [parameter])
return np.asarray(parameter.value)"""
JAX_ARRAYS = """\
import jax

jax.config.update("jax_enable_x64", True)
p, gradients = jax.numpy.asarray(p), [[jax.numpy.asarray(g) for g in answers] for answers in gradients]"""
LOADED = """\
def loaded(path):
    \"\"\"The module of a file.\"\"\"
    spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(pathlib.Path(path).parent))
    spec.loader.exec_module(module)
    return module"""


def function(
    name: str, subject: Subject, arguments: Mapping[str, object], losses: Sequence[float], *, is_asked: bool = False
) -> list[str]:
    """The lines of ``name(p, gradients)``, which gives the parameter after the steps of a subject of a framework.

    Where ``is_asked``, it gives the point at which the gradient of the last step is asked for instead: the parameter
    before that.
    """
    assert subject.origin is not None
    written = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
    if _is_step(subject):
        body = _of_step(subject, subject.origin, arguments)
    else:
        imported, optimizer = _imported(subject.origin)
        template = {"torch": TORCH, "jax": OPTAX, "keras": KERAS}[subject.framework]
        more = f", {written}" if written and subject.framework == "torch" else written
        body = template.format(imported=imported, optimizer=optimizer, arguments=more, losses=list(losses))
    first = ["    gradients = gradients[:-1]"] if is_asked else []
    return [f"def {name}(p, gradients):", *first, *(f"    {line}" if line else "" for line in body.splitlines())]


def _is_step(subject: Subject) -> bool:
    """Whether the code is a step function, and nothing that makes an optimizer."""
    return subject.framework in ("numpy", "jax") and subject.origin is not None and is_step(subject.origin.item)


def _imported(origin: Origin) -> tuple[str, str]:
    """The statement that imports what is used, and what that is called then."""
    if origin.path:
        return f"module = loaded({origin.path!r})", f"module.{origin.name}"
    return f"from {origin.module} import {origin.name.partition('.')[0]}", origin.name


def _of_step(subject: Subject, origin: Origin, arguments: Mapping[str, object]) -> str:
    """The steps of a function ``step(params, grads, state, ...)``."""
    signature = read_signature(parameters_of(origin.item), subject.title, subject.fixed)
    imported, step = _imported(origin)
    states = [f"state_{i + 1}" for i in range(len(signature.states))]
    given = [f"{name}={state}" for name, state in zip(signature.states, states, strict=True)]
    given += [f"{signature.counter}=step + 1"] if signature.counter is not None else []
    call = ", ".join(["p", "answers[0]", *given, *(f"{key}={value!r}" for key, value in arguments.items())])
    together = ", ".join(states)
    several = f"p, ({together}) = result if len(result) == 2 else (result[0], result[1:])"
    lines = [
        *(JAX_ARRAYS.splitlines() if subject.framework == "jax" else []), imported,
        *_start(subject, origin, signature, states, arguments),
        "for step, answers in enumerate(gradients):",
        f"    result = {step}({call})",
        "    if not isinstance(result, (tuple, list)):  # None where the parameter is changed in place",
        "        p = p if result is None else result",
        "    else:",
        f"        {several if len(states) > 1 else f'p, {together} = result' if states else 'p = result[0]'}",
        "return np.asarray(p)",
    ]  # fmt: skip
    return "\n".join(lines)


def _start(
    subject: Subject, origin: Origin, signature: Signature, states: Sequence[str], arguments: Mapping[str, object]
) -> list[str]:
    """The state before the first step."""
    if origin.init is not None:
        init = getattr(origin.item, "__globals__", {}).get(origin.init)
        asked = {parameter.name for parameter in parameters_of(init)[1:]} if callable(init) else set()
        values = signature.arguments.paths if subject.framework == "jax" else {}
        more = [f"{name}={arguments[name]!r}" for name in values.values() if name in asked and name in arguments]
        called = f"{'module.' if origin.path else ''}{origin.init}({', '.join(['p', *more])})"
        return [f"{', '.join(states) or '_'} = {called}"]
    if signature.is_lazy:
        return [f"{states[0]} = None"]
    return [f"{state} = p * 0.0" for state in states]
