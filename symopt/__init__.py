"""Optimizer update rules written once: proofs, kernels and equations from one text."""

import importlib
import sys
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from symopt.catalogue import resolve as resolve
    from symopt.catalogue import rule_names as rule_names
    from symopt.docs.show import show as show
    from symopt.doctor import doctor as doctor
    from symopt.errors import SymoptError as SymoptError
    from symopt.explain import explain as explain
    from symopt.generate import generate as generate
    from symopt.ir.trace import Trace as Trace
    from symopt.lang import Hyper as Hyper
    from symopt.lang import Option as Option
    from symopt.lang import Rule as Rule
    from symopt.lang import Schedule as Schedule
    from symopt.lang import State as State
    from symopt.lift.validation import validate as validate
    from symopt.passes.tracing import trace as trace
    from symopt.prove.verdict import Verdict as Verdict
    from symopt.run.check import check as check
    from symopt.targets.compare import compare as compare
    from symopt.targets.convert import convert_state as convert_state
    from symopt.targets.identify import identify as identify
    from symopt.targets.matrix import matrix as matrix
    from symopt.theorems import prove as prove

# Public name -> the module that defines it; it is imported when the name is first used.
PUBLIC: Mapping[str, str] = {
    "Hyper": "symopt.lang", "Option": "symopt.lang", "Rule": "symopt.lang", "Schedule": "symopt.lang",
    "State": "symopt.lang", "SymoptError": "symopt.errors", "Trace": "symopt.ir.trace",
    "Verdict": "symopt.prove.verdict", "check": "symopt.run.check", "compare": "symopt.targets.compare",
    "convert_state": "symopt.targets.convert",
    "doctor": "symopt.doctor", "explain": "symopt.explain", "generate": "symopt.generate",
    "identify": "symopt.targets.identify", "matrix": "symopt.targets.matrix",
    "prove": "symopt.theorems", "resolve": "symopt.catalogue", "rule_names": "symopt.catalogue",
    "show": "symopt.docs.show", "trace": "symopt.passes.tracing",
    "validate": "symopt.lift.validation",
}  # fmt: skip

__all__ = ["__version__", *PUBLIC]


class _CallableModule(ModuleType):
    """A submodule with the name of a public function: ``symopt.prove.compare`` and ``symopt.prove()`` both work."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return _public(self.__name__.rpartition(".")[2])(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        """The function's signature, for whoever asks what the module takes."""
        from inspect import signature

        return signature(_public(self.__name__.rpartition(".")[2]))


class _Package(ModuleType):
    """This package: a submodule bound under the name of a public function becomes callable."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name in PUBLIC and isinstance(value, ModuleType):
            value.__class__ = _CallableModule
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def _public(name: str) -> Any:
    return getattr(importlib.import_module(PUBLIC[name]), name)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'symopt' has no attribute {name!r}")
    value = _public(name)
    # Importing may have bound a submodule of this name; it is callable, and stays what the name means.
    return globals().setdefault(name, value)


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
