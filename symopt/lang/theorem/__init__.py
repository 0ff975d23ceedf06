"""The language of theorems: claims about rules, a few lines each, that the prover settles by itself.

A theorem says what is claimed; the prover finds the verdict without looking at the claim, and only
then the two are compared. Expressions are written in the names of the rule.
"""

from symopt.lang.theorem.base import FAILS, HOLDS, Property, Theorem
from symopt.lang.theorem.bounds import Invariant, Ordered
from symopt.lang.theorem.comparison import Compare
from symopt.lang.theorem.floats import InFloats, RoundingError
from symopt.lang.theorem.identities import Identity
from symopt.lang.theorem.limits import Limit, TendsTo
from symopt.lang.theorem.linear import Contracts, Displacement, EqualWhere, Fastest, RestsWhere, Stable, SteadyStep
from symopt.lang.theorem.responses import ConstantGradient, Expectation, Impulse, Response
from symopt.lang.theorem.structure import Equivariance, Scaling, Shift
from symopt.lang.theorem.units import Units
from symopt.lang.theorem.unrolled import ClosedForm, FirstStep, WeightsSum

__all__ = [
    "FAILS",
    "HOLDS",
    "ClosedForm",
    "Compare",
    "ConstantGradient",
    "Contracts",
    "Displacement",
    "EqualWhere",
    "Equivariance",
    "Expectation",
    "Fastest",
    "FirstStep",
    "Identity",
    "Impulse",
    "InFloats",
    "Invariant",
    "Limit",
    "Ordered",
    "Property",
    "Response",
    "RestsWhere",
    "RoundingError",
    "Scaling",
    "Shift",
    "Stable",
    "SteadyStep",
    "TendsTo",
    "Theorem",
    "Units",
    "WeightsSum",
]
