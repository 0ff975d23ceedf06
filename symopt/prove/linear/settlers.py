"""What settles each kind of claim about linear rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from symopt.ir.trace import Trace
from symopt.lang.theorem.base import Property
from symopt.lang.theorem.linear import Contracts, Displacement, EqualWhere, Fastest, RestsWhere, Stable, SteadyStep
from symopt.prove.linear.branches import settle_equal_where
from symopt.prove.linear.contraction import settle_contracts
from symopt.prove.linear.displacement import settle_displacement, settle_steady
from symopt.prove.linear.optimum import settle_fastest
from symopt.prove.linear.regions import settle_stable
from symopt.prove.linear.rest import settle_rests
from symopt.prove.settlement import Settlement

LINEAR: Mapping[type[Property], Callable[[Any, Trace, float], Settlement]] = {
    EqualWhere: settle_equal_where,
    Stable: settle_stable,
    Contracts: settle_contracts,
    Fastest: settle_fastest,
    Displacement: settle_displacement,
    SteadyStep: settle_steady,
    RestsWhere: settle_rests,
}
