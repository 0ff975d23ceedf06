"""What explain says of a kernel's memory traffic is what the kernel does."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

import symopt

GENERATED = Path(__file__).parent.parent / "generated"
RULES = ("adamw", "sgd", "rmsprop", "adagrad", "heavy_ball")


def said(rule: str, backend: str) -> tuple[int, list[int]]:
    """Elements moved by the step, and the numbers in how it is done."""
    moved = symopt.explain(rule, backend).phases[-1].traffic
    return moved.elements, [int(number) for number in re.findall(r"\d+", moved.how)]


@pytest.mark.parametrize("rule", RULES)
def test_pytorch_calls_what_is_counted(rule: str) -> None:
    """PyTorch itself counts: each call reads its distinct tensors and writes one, which is read before."""
    torch = pytest.importorskip("torch")
    from torch.utils._python_dispatch import TorchDispatchMode

    n = 1000
    counted = {"calls": 0, "elements": 0}

    class Count(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = function(*args, **(kwargs or {}))
            tensors = [arg for arg in args if isinstance(arg, torch.Tensor) and arg.numel() == n]
            if isinstance(result, torch.Tensor) and result.numel() == n and tensors:
                inputs = {arg.data_ptr() for arg in tensors}
                in_place = result.data_ptr() in inputs
                counted["calls"] += 1
                # copy_ overwrites its first operand and reads its second.
                counted["elements"] += (len(inputs) - in_place) + 2
            return result

    kernel = runpy.run_path(str(GENERATED / f"torch/{rule}.py"))
    p, g = torch.ones(n), torch.ones(n)
    state = kernel["init"](p)
    with Count():
        kernel["step"](p, g, state)
    elements, (calls,) = said(rule, "torch")
    assert (counted["calls"], counted["elements"]) == (calls, elements)


@pytest.mark.parametrize("rule", RULES)
def test_numpy_calls_what_is_counted(rule: str) -> None:
    """Calls with out= in the block of the default choice of options."""
    text = (GENERATED / f"numpy/{rule}.py").read_text(encoding="utf-8")
    block = re.split(r"^def _step_block\b", text, flags=re.M)[1].partition("\ndef ")[0]
    _, (calls, buffers) = said(rule, "numpy")
    assert len(re.findall(r"^    np\.\w+\(", block, re.M)) == calls
    signature = block.partition(")")[0]
    assert len(set(re.findall(r"\btmp\w*", signature))) == buffers


@pytest.mark.parametrize(("rule", "elements"), [("sgd", 3), ("momentum", 5), ("adamw", 7), ("adamw[amsgrad=True]", 9)])
def test_one_loop_moves_each_array_once(rule: str, elements: int) -> None:
    """g is read; p and the states are read and written."""
    assert said(rule, "c")[0] == said(rule, "numpy")[0] == elements


def test_a_backend_of_which_nothing_is_known_is_one_loop() -> None:
    from symopt.passes.pipeline import lower
    from symopt.traffic import one_loop, traffic

    (step,) = lower(symopt.trace(symopt.resolve("sgd"))).phases
    assert traffic(step, "some other") == one_loop(step)
