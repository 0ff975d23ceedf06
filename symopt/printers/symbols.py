"""Symbols: what a name looks like in equations, whatever dress they are printed in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

# Greek letters by their TeX names, which are also the names that authors write in Python.
GREEK: Mapping[str, str] = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ϵ", "varepsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "varrho": "ϱ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ",
    "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω", "ell": "ℓ",
}  # fmt: skip
ACCENTS = frozenset({"hat", "bar", "tilde", "dot"})
TRAILING_DIGITS = re.compile(r"(?P<stem>[A-Za-z]+?)(?P<digits>[0-9]+)\Z")


@dataclass(frozen=True)
class Symbol:
    """A symbol. Its parts are atoms: a letter, a Greek name of ``GREEK``, a number, or an upright word.

    ``index`` is the step that the value belongs to (``t``, ``t-1``, ``0``), empty for a constant;
    ``primes`` tell apart the values that one name has within a step. An ``upright`` base is a name
    that is spelt out, also where it is Greek or a single letter.
    """

    base: tuple[str, ...]
    accents: tuple[str, ...] = ()
    sub: tuple[str, ...] = ()
    sup: tuple[str, ...] = ()
    primes: int = 0
    index: str = ""
    upright: bool = False

    def at(self, index: str, primes: int = 0) -> Symbol:
        """The same symbol at another step."""
        return replace(self, index=index, primes=primes)

    @property
    def raised(self) -> bool:
        """Whether something stands where an exponent would go."""
        return bool(self.sup or self.primes)


def from_name(name: str) -> Symbol:
    """The symbol that a name suggests.

    ``m_hat`` is m with a hat, ``beta1`` is Greek with a subscript, ``weight_decay`` is an upright word.
    """
    head, *rest = name.split("_")
    accents = tuple(part for part in rest if part in ACCENTS)
    rest = [part for part in rest if part not in ACCENTS]
    digits = TRAILING_DIGITS.match(head)
    sub: list[str] = []
    if digits is not None:
        head, sub = digits["stem"], [digits["digits"]]
    if len(head) > 1 and head not in GREEK:
        # A word: what follows belongs to it, except numbers.
        words = [part for part in rest if not part.isdigit()]
        rest = [part for part in rest if part.isdigit()]
        head = "_".join([head, *words])
    return Symbol((head,), accents, (*sub, *rest))
