"""A step function's signature: which argument is the parameter, the gradient, the state, the step, a hyper-parameter.

``step(params, grads, state, *, lr, beta1=0.9, ...) -> (params, state)``: the first two arguments are the parameter
and the gradient; then come one state or several, and a counter; numbers and keywords are hyper-parameters.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.errors import UnsupportedError
from symopt.lift.arguments import Arguments, is_number, read_arguments
from symopt.lift.roles import plain_name, roles_of

GRADIENT_NAME = re.compile(r"(d_?(w|p|b|x|theta|params?|weights?)|(.*_)?g|g_?t|(.*_)?(grads?|gradients?)(_.*)?)\Z")
PARAMETER_NAME = re.compile(r"(w|p|x|theta|(.*_)?(params?|parameters?|weights?|vars?|variables?|model))\Z")
COUNTERS = frozenset({"t", "step", "steps", "nstep", "iteration", "iterations", "iter", "it", "count", "k", "i", "n"})
# Shorter names are as often arrays: m and v are moments, b a buffer, s a sum.
SHORTEST_HYPER = 2
# Moments to some and hyper-parameters to others: moments, where hyper-parameters are keywords.
MOMENTS = frozenset({"mu", "nu"})


@dataclass(frozen=True)
class Signature:
    """What the arguments of a step function are.

    ``states`` are the names of the arguments that hold state: none, one with all of it, or several arrays;
    ``counter`` is the argument that is the number of the step; ``is_lazy`` says that the state may be None.
    """

    parameter: str
    gradient: str
    states: tuple[str, ...]
    counter: str | None
    arguments: Arguments
    is_lazy: bool = False
    is_gradient_first: bool = False

    def ordered(self, parameter: Any, gradient: Any) -> tuple[Any, Any]:
        """Parameter and gradient in the order of the arguments."""
        return (gradient, parameter) if self.is_gradient_first else (parameter, gradient)


def is_gradient(name: str) -> bool:
    """Whether an argument is called as gradients are."""
    return GRADIENT_NAME.match(name.lower()) is not None


def is_parameter(name: str) -> bool:
    """Whether an argument is called as parameters are."""
    return PARAMETER_NAME.match(name.lower()) is not None


def read_signature(given: Sequence[inspect.Parameter], title: str, fixed: Mapping[str, Any]) -> Signature:
    """The signature of a step function with these parameters.

    Raises
    ------
    UnsupportedError: it takes fewer than two arguments, so it is no step.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    """
    positional = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(positional) < 2:
        raise UnsupportedError(
            f"{title} takes {len(positional)} arguments; a step takes parameters and gradients first"
        )
    parameter, gradient, *rest = positional
    is_swapped = is_gradient(parameter.name) and is_parameter(gradient.name)
    if is_swapped:
        parameter, gradient = gradient, parameter
    counter = next((p.name for p in rest if _is_counter(p)), None)
    has_keywords = any(p.kind is p.KEYWORD_ONLY for p in given)
    states = [p for p in rest if p.name != counter and p.name not in fixed and _is_state(p, has_keywords)]
    hypers = [p for p in given if p not in (parameter, gradient, *states) and p.name != counter]
    return Signature(
        parameter.name, gradient.name, tuple(p.name for p in states), counter, read_arguments(hypers, fixed, title),
        is_lazy=len(states) == 1 and states[0].default is None, is_gradient_first=is_swapped,
    )  # fmt: skip


def _is_counter(parameter: inspect.Parameter) -> bool:
    default = parameter.default
    whole = default is parameter.empty or (isinstance(default, int) and not isinstance(default, bool))
    return plain_name(parameter.name) in COUNTERS and whole


def _is_state(parameter: inspect.Parameter, has_keywords: bool) -> bool:
    if parameter.default is None:
        return not roles_of(parameter.name)
    if parameter.default is not parameter.empty:
        return False
    if has_keywords and plain_name(parameter.name) in MOMENTS:
        return True
    is_hyper = bool(roles_of(parameter.name)) and len(plain_name(parameter.name)) >= SHORTEST_HYPER
    return not is_hyper and not is_number(parameter.default)
