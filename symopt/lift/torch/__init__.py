"""Lifting of optimizers written for PyTorch: unmodified classes are executed on tensors that carry expressions."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework


def lift_class(cls: type, title: str, fixed: Mapping[str, object] | None = None) -> list[Lifted]:
    """What an optimizer class computes; see ``symopt.lift.torch.classes.lift_class``.

    Raises
    ------
    MissingToolError: PyTorch is not installed.
    """
    framework("torch")
    from symopt.lift.torch import classes

    return classes.lift_class(cls, title, fixed or {})
