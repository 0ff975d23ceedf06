"""What hyper-parameters mean, by the names that frameworks and papers give them.

A name is a hint and no proof: it decides the domain in which a claim is made, which verdicts say, and which map
between two sides is tried first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction

from symopt.ir.trace import HyperInfo
from symopt.lang.domain import Domain, NonNegative, Positive, Real, UnitInterval, exact_number
from symopt.passes.freeze import name_tex

# Role -> the names that it goes by, lower case, without underscores; the first is the catalogue's.
ROLES: Mapping[str, tuple[str, ...]] = {
    "lr": ("lr", "learningrate", "stepsize", "alpha", "eta", "gamma", "steprate", "rate", "step", "lrt", "a"),
    "beta1": ("beta1", "b1", "betas1", "momentum1", "betam", "b1t", "rho1", "betaone"),
    "beta2": ("beta2", "b2", "betas2", "betav", "b2t", "rho2", "betatwo"),
    "beta3": ("beta3", "b3", "betas3"),
    "beta": ("beta", "b"),
    "mu": ("mu", "momentum", "beta", "beta1", "b1", "m", "gamma2", "decay"),
    "rho": ("rho", "alpha", "decay", "decayrate", "smoothing", "beta", "beta2", "b2", "gamma", "gamma1", "rms"),
    "eps": ("eps", "epsilon", "e", "offset", "floatstableeps", "delta", "epsroot", "fuzz", "eps1"),
    "weight_decay": ("weightdecay", "wd", "decay", "lambda", "lambd", "l2", "l2reg", "lam", "weightdecayrate"),
    "tau": ("tau", "dampening", "decayrate"),
    "nu": ("nu",),
    "initial_accumulator": ("initialaccumulator", "initialaccumulatorvalue", "initialscale", "v0", "ms0"),
    "psi": ("psi", "momentumdecay"),
    "trust": ("trust", "trustcoefficient", "trustcoef", "eeta"),
    "d": ("d", "clipthreshold", "clippingthreshold", "cliplevel"),
    "l1": ("l1", "lambda1", "l1regularizationstrength"),
    "l2": ("l2", "lambda2", "l2regularizationstrength"),
    "eta_minus": ("etaminus", "etas1", "eta1"),
    "eta_plus": ("etaplus", "etas2", "eta2"),
    "step_min": ("stepmin", "minstepsize", "stepsizes1", "stepsize1"),
    "step_max": ("stepmax", "maxstepsize", "stepsizes2", "stepsize2"),
}  # fmt: skip
UNIT = re.compile(r"(beta\d*|b\d+|rho\d*|betas\d*|decay(rate)?|smoothing)\Z")
POSITIVE = re.compile(r"(eps|epsilon|offset|e\Z|fuzz)")


def plain_name(name: str) -> str:
    """A name without case and underscores."""
    return name.replace("_", "").lower()


def roles_of(name: str) -> list[str]:
    """The roles that a name may have, those that it is listed first for first."""
    own = plain_name(name)
    ranked = [(names.index(own), role) for role, names in ROLES.items() if own in names]
    return [role for _, role in sorted(ranked, key=lambda item: item[0])]


def domain_of(name: str, default: Fraction) -> Domain:
    """The domain that a name suggests, as far as the default lies in it."""
    own = plain_name(name)
    wanted = UnitInterval if UNIT.match(own) else Positive if POSITIVE.match(own) else NonNegative
    return next((domain for domain in (wanted, NonNegative) if default in domain), Real)


def hyper_info(name: str, default: float | int | Fraction, domain: Domain | None = None) -> HyperInfo:
    """A hyper-parameter with what its source says of it, and otherwise with what its name suggests."""
    exact = exact_number(default)
    return HyperInfo(name, exact, name_tex(name), domain_of(name, exact) if domain is None else domain)
