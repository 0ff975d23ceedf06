"""Kernels against the implementations whose form their rules state: ``specs/originals.toml``."""

from __future__ import annotations

import importlib
import tomllib
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt._paths import data_dir
from symopt.backends.base import Variant
from symopt.catalogue import resolve
from symopt.run.modules import Kernel
from symopt.run.ulp import ulps, worst

Array = NDArray[Any]

STEPS, COUNT = 20, 257


def against_originals(variant: Variant, kernel: Kernel, dtype: str) -> list[tuple[str, float]]:
    """Each implementation of a variant that is installed, with its distance.

    The distance is that of the parameters after 20 steps on ordinary gradients at the default
    hyper-parameters, in ulps of the largest parameter on the way.
    """
    return [
        (entry["implementation"], _distance(variant, kernel, dtype, entry))
        for entry in _table()
        if entry["title"] == variant.rule.title and entry["class"] == type(variant.rule).__module__
    ]


@cache
def _table() -> list[dict[str, Any]]:
    text = (data_dir("specs") / "originals.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)["original"]
    rules = [resolve(entry["rule"]) for entry in entries]
    return [
        {**entry, "title": rule.title, "class": type(rule).__module__}
        for entry, rule in zip(entries, rules, strict=True)
    ]


def _distance(variant: Variant, kernel: Kernel, dtype: str, entry: dict[str, Any]) -> float:
    hypers = {hyper.name: float(hyper.default) for hyper in variant.trace.hypers}
    module, _, name = entry["implementation"].rpartition(".")
    torch = importlib.import_module("torch")
    p = np.random.default_rng(0).standard_normal(COUNT).astype(dtype)
    theirs = torch.nn.Parameter(torch.tensor(p))
    original = getattr(importlib.import_module(module), name)([theirs], **_arguments(entry["arguments"], hypers))
    states = kernel.init(p, **hypers)
    scale = np.abs(p)
    for t in range(1, STEPS + 1):
        g = np.random.default_rng(t).standard_normal(COUNT).astype(dtype)
        kernel.step(p, g, states, t, **hypers)
        theirs.grad = torch.tensor(g)
        original.step()
        scale = np.maximum(scale, np.abs(p))
    return worst(ulps(p, theirs.detach().numpy(), scale))


def _arguments(given: Any, hypers: dict[str, float]) -> Any:
    """The arguments with the names of hyper-parameters replaced by their values."""
    if isinstance(given, str):
        return hypers[given]
    if isinstance(given, list):
        return tuple(_arguments(item, hypers) for item in given)
    return {key: _arguments(item, hypers) for key, item in given.items()} if isinstance(given, dict) else given
