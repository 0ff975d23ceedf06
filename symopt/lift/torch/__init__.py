"""Lifting of optimizers written for PyTorch: unmodified classes are executed on tensors that carry expressions."""

from __future__ import annotations

from symopt.lift.torch.classes import lift_class

__all__ = ["lift_class"]
