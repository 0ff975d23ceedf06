"""Phrases that many rules share, written once."""

from __future__ import annotations

from symopt.lang.ops import Expr, equal, floor


def ema(average: Expr, value: Expr, decay: Expr) -> Expr:
    """One step of the exponential moving average: ``decay * average + (1 - decay) * value``."""
    return decay * average + (1 - decay) * value


def debias(average: Expr, decay: Expr, t: Expr) -> Expr:
    """An average that started at zero, divided by the sum of its weights after ``t`` steps.

    Kingma & Ba 2015, section 3.
    """
    return average / (1 - decay**t)


def every(t: Expr, period: Expr) -> Expr:
    """The condition that the step ``t`` is a multiple of ``period``."""
    return equal(t - period * floor(t / period), 0)
