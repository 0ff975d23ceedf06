"""What explain says of a kernel's memory traffic is what the kernel does."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symopt
from symopt import catalogue
from symopt.backends.base import render_variants, variants_of
from symopt.backends.registry import backend
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.run.modules import load_module
from symopt.traffic import loops, traffic
from tests.run.small_rules import Factored, GlobalClip, NumberState, Trust

ELEMENTWISE: tuple[type[Rule], ...] = tuple(
    catalogue.rule(name) for name in ("adamw", "sgd", "rmsprop", "adagrad", "heavy_ball")
)
FLAT = (*ELEMENTWISE, Trust, NumberState)
every = pytest.mark.parametrize("rule", FLAT, ids=lambda rule: rule.name)


def step_of(rule: Rule | type[Rule], name: str) -> Any:
    return symopt.explain(rule() if isinstance(rule, type) else rule, name).phases[-1].traffic


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


@every
def test_pytorch_calls_what_is_counted(rule: type[Rule]) -> None:
    """PyTorch itself counts: each call reads its distinct tensors and writes one, which is read before."""
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    n = 1000
    counted = {"calls": 0, 4: 0, 8: 0}

    class Count(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            tensors = [arg for arg in args if isinstance(arg, torch.Tensor) and arg.numel() == n]
            if isinstance(result, torch.Tensor) and tensors:
                inputs = {arg.data_ptr(): arg.element_size() for arg in tensors}
                in_place = result.data_ptr() in inputs
                counted["calls"] += 1
                for size in inputs.values():
                    counted[size] += 1
                # copy_ overwrites its first operand and reads its second; a sum is one number.
                if result.numel() == n:
                    counted[result.element_size()] += 2 - in_place
            return result

    kernel = load_module("torch", variants_of(rule))
    p, g = torch.ones(n), torch.ones(n)
    state = kernel.init(p)
    with Count():
        kernel.step(p, g, state)
    moved = step_of(rule, "torch")
    assert (counted["calls"], counted[4], counted[8]) == (*numbers(moved.how), moved.elements, moved.doubles)


def plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, Counted) else value


class Counted(np.ndarray):  # type: ignore[type-arg]
    """A matrix that counts the calls which take one."""

    calls = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        return self.counted(getattr(ufunc, method), args, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return self.counted(function, args, kwargs)

    def astype(self, *args: Any, **kwargs: Any) -> Any:
        Counted.calls += 1
        return super().astype(*args, **kwargs)

    def counted(self, function: Any, args: Any, kwargs: Any) -> Any:
        Counted.calls += any(isinstance(arg, np.ndarray) and arg.ndim == 2 for arg in args)
        kwargs = {name: tuple(map(plain, value)) if name == "out" else plain(value) for name, value in kwargs.items()}
        result = function(*map(plain, args), **kwargs)
        return result.view(Counted) if isinstance(result, np.ndarray) else result


def test_numpy_calls_over_whole_matrices_what_is_counted() -> None:
    kernel = load_module("numpy", variants_of(Factored))
    p, g = (np.ones((3, 4), np.float32).view(Counted) for _ in range(2))
    state = {name: x.view(Counted) if isinstance(x, np.ndarray) else x for name, x in kernel.init(p).items()}
    Counted.calls = 0
    kernel.step(p, g, state)
    moved = step_of(Factored, "numpy")
    assert numbers(moved.how) == [Counted.calls]
    # Reads and writes of whole arrays by hand: eps + g g, row col, u, two means, the mean square of u, p, the copy.
    assert moved.elements == (3 + 3) + (2 + 3 + 3 + 4) + 2 * 1 + 1 + (3 + 3 + 4) + 3
    assert moved.doubles == 2 * (2 + 1) + (2 + 3 + 1)


@every
def test_numpy_calls_in_a_block_what_is_counted(rule: type[Rule]) -> None:
    """Calls in the blocks of the default choice of options."""
    (text,) = render_variants(backend("numpy"), variants_of(rule)).values()
    blocks = re.findall(r"^def (_step_block\d?)\((.*?)\).*?:\n(.*?)(?=^def |\Z)", text, re.M | re.S)
    calls, buffers = numbers(step_of(rule, "numpy").how)
    bodies = [body.partition("\ndef ")[0] for _, _, body in blocks]
    assert sum(len(re.findall(r"^    (?:np|\w+\.add)\b", body, re.M)) for body in bodies) == calls
    assert max(len(set(re.findall(r"\btmp\w*", signature))) for _, signature, _ in blocks) == buffers


@pytest.mark.parametrize(("rule", "elements"), [("sgd", 3), ("momentum", 5), ("adamw", 7), ("adamw[amsgrad=True]", 9)])
def test_one_loop_moves_each_array_once(rule: str, elements: int) -> None:
    """g is read; p and the states are read and written."""
    configured = catalogue.resolve(rule)
    assert step_of(configured, "c").elements == step_of(configured, "numpy").elements == elements


def test_two_loops_read_no_more_than_they_must() -> None:
    """Trust: the first loop reads p and g and updates m and v, the second reads m and v and updates p.

    Keeping u between the loops would move one element more: two for writing and one for reading, for m and v.
    """
    assert step_of(Trust, "c").elements == (2 + 2 * 2) + (2 + 2)
    assert step_of(Trust, "numpy").elements == step_of(Trust, "c").elements
    # The norm of g alone: g is read twice, m is updated, p once; nothing is kept.
    assert step_of(GlobalClip, "c").elements == 1 + (1 + 2 + 2)


def test_rows_and_columns_do_not_count() -> None:
    """Factored: a loop for the means reads g, one for the clipping reads g, one reads g and updates p."""
    assert step_of(Factored, "c").elements == 1 + 1 + (1 + 2)


def test_a_backend_of_which_nothing_is_known_has_loops() -> None:
    program = lower(symopt.trace(symopt.resolve("sgd")))
    assert traffic(program, program.step, "some other") == loops(program, program.step)
