"""AdaBelief as the paper's appendix has it, which no framework states, against its formula."""

from typing import Any

import numpy as np
import pytest
from formulas import Names, assert_rule_is_its_formula, corrections, formula, written_in


@formula("adabelief")
def adabelief(p: Any, g: Any, t: int, s: Names, h: Names) -> Any:
    s.m = h.beta1 * s.m + (1 - h.beta1) * g
    s.v = h.beta2 * s.v + (1 - h.beta2) * (g - s.m) ** 2
    c1, c2 = corrections(t, h)
    return p - h.lr * (s.m / c1) / (np.sqrt((s.v + h.eps) / c2) + h.eps)


@pytest.mark.parametrize("target", written_in(__name__))
def test_rule_is_its_formula(target: str) -> None:
    assert_rule_is_its_formula(target)
