"""Where a sum of what is not negative is zero, so are its terms."""

import pytest

from symopt.lang.domain import NonNegative, Real
from symopt.prove.elements import Generators
from symopt.prove.field import Field
from symopt.prove.zeros import forced_zero


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({(0, 2, 0): 1, (1, 0, 0): 1}, "g"),  # g**2 + h
        ({(0, 2, 0): -3, (1, 0, 0): -1}, "g"),  # -3*g**2 - h
        ({(0, 2, 0): 1}, "g"),  # g**2
        ({(0, 2, 0): 1, (1, 0, 0): -1}, None),  # g**2 - h
        ({(0, 2, 0): 1, (0, 0, 1): 1}, None),  # g**2 + p, where p may be negative
        ({(0, 2, 0): 1, (0, 1, 0): 1, (1, 0, 0): 1}, None),  # g**2 + g + h
        ({(1, 2, 0): 1, (1, 0, 0): 1}, None),  # h*g**2 + h: h may be zero
    ],
)
def test_a_square_in_a_sum_that_is_zero(terms: dict[tuple[int, ...], int], expected: str | None) -> None:
    generators = Generators(("h", "g", "p"), spare=0)
    domains = {"h": NonNegative, "g": Real, "p": Real}
    field = Field(generators, domains, [(generators.ring.from_dict(terms), 0)])
    found = forced_zero(field)
    assert (None if found is None else str(found)) == expected


def test_nothing_follows_from_a_sum_that_is_not_zero() -> None:
    generators = Generators(("h", "g"), spare=0)
    poly = generators.ring.from_dict({(0, 2): 1, (1, 0): 1})
    assert forced_zero(Field(generators, {"h": NonNegative}, [(poly, 1)])) is None
