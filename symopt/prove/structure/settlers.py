"""What settles each claim about the structure of one rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symopt.ir.trace import Trace
from symopt.lang.theorem import (
    ConstantGradient,
    Equivariance,
    Expectation,
    Identity,
    Impulse,
    Limit,
    Property,
    Scaling,
    Shift,
    TendsTo,
    Units,
)
from symopt.prove.settlement import Settlement
from symopt.prove.structure.equivariance import settle_equivariance, settle_shift
from symopt.prove.structure.expectation import settle_expectation
from symopt.prove.structure.identities import settle_identity
from symopt.prove.structure.limits import settle_limit
from symopt.prove.structure.response import settle_response
from symopt.prove.structure.scaling import settle_scaling
from symopt.prove.structure.tends import settle_tends
from symopt.prove.structure.units import settle_units

STRUCTURE: Mapping[type[Property], Callable[[Any, Trace, float], Settlement]] = {
    ConstantGradient: settle_response,
    Equivariance: settle_equivariance,
    Expectation: settle_expectation,
    Identity: settle_identity,
    Impulse: settle_response,
    Limit: settle_limit,
    Scaling: settle_scaling,
    Shift: settle_shift,
    TendsTo: settle_tends,
    Units: settle_units,
}
