"""The checker takes certificates that the prover makes, and refuses each of them once it is changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from symopt import compare
from symopt.catalogue import resolve
from symopt.checker.check import check_certificate
from symopt.ir.text import trace_text
from symopt.ir.trace import Trace
from symopt.lang import SGD, Rule, State, param  # noqa: F401
from symopt.passes.tracing import trace
from symopt.prove.certificate import certificate

PAIRS = [
    ("adam_tf", "adam"), ("momentum_ema", "heavy_ball"), ("sum_momentum", "qhm"), ("adamw", "adamw_paper"),
    ("adamaxw[weight_decay=0]", "adamax"), ("lamb[weight_decay=0]", "lamb_keras[weight_decay=0]"),
    ("sum_momentum[sigma=1]", "sgd[momentum=True,nesterov=True]"), ("asgd[lambd=0]", "sgd"),
]  # fmt: skip
