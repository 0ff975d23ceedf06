"""The theorems of the catalogue: loaded, settled, compared with their claims, re-checked."""

from symopt.theorems.catalogue import theorem_names, theorems
from symopt.theorems.result import TheoremResult
from symopt.theorems.settle import settle
from symopt.theorems.together import prove

__all__ = ["TheoremResult", "prove", "settle", "theorem_names", "theorems"]
