"""What settles each claim about the structure of one rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symopt.ir.trace import Trace
from symopt.lang.theorem import ConstantGradient, Equivariance, Expectation, Impulse, Property, Scaling, Shift, Units
from symopt.prove.settlement import Settlement
from symopt.prove.structure.equivariance import settle_equivariance, settle_shift
from symopt.prove.structure.response import settle_expectation, settle_response
from symopt.prove.structure.scaling import settle_scaling
from symopt.prove.structure.units import settle_units

STRUCTURE: Mapping[type[Property], Callable[[Any, Trace, float], Settlement]] = {
    ConstantGradient: settle_response,
    Equivariance: settle_equivariance,
    Expectation: settle_expectation,
    Impulse: settle_response,
    Scaling: settle_scaling,
    Shift: settle_shift,
    Units: settle_units,
}
