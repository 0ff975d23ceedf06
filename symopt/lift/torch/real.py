"""The real optimizer on plain numbers, for comparison."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from symopt.lift.frames import where_it_happened
from symopt.lift.torch.case import Source

Array = NDArray[np.float64]


def run_real(
    source: Source, hypers: Mapping[str, float], p: Array, gradients: Sequence[Array], position: int = 0,
    tensors: int = 1,
) -> list[Array]:  # fmt: skip
    """The parameter after each step; with several tensors, the one at a position."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings(), where_it_happened(source.title):
            warnings.simplefilter("ignore")
            parameters = [torch.nn.Parameter(torch.tensor(p + 0.1 * abs(i - position))) for i in range(tensors)]
            optimizer: Any = source.cls(parameters, **source.arguments.filled(hypers))
            reached = []
            for gradient in gradients:
                for i, parameter in enumerate(parameters):
                    parameter.grad = torch.tensor(gradient + 0.1 * abs(i - position))
                optimizer.step()
                reached.append(parameters[position].detach().numpy().copy())
            return reached
    finally:
        torch.set_default_dtype(before)
