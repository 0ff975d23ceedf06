from fractions import Fraction

import pytest

from symopt.lang.domain import Domain, NonNegative, Positive, PositiveInteger, Real, UnitInterval
from symopt.prove.signs import Sign, sign_of

YES, WEAK, NO, OPEN = Sign(1, True), Sign(1, False), Sign(-1, True), Sign(0, False)


@pytest.mark.parametrize(
    ("terms", "domains", "expected"),
    [
        ({(0,): 1, (1,): -1}, [UnitInterval], YES),  # 1 - b on [0, 1)
        ({(1,): 1, (0,): -1}, [UnitInterval], NO),
        ({(1,): 1}, [UnitInterval], WEAK),  # b may be 0
        ({(0,): 1, (1,): -1}, [Domain(Fraction(0), Fraction(1))], WEAK),  # the closed end reaches 0
        ({(0, 0): 1, (1, 1): -1}, [UnitInterval, Domain(Fraction(0), Fraction(1))], YES),  # 1 - b*G, G = 1 allowed
        ({(2,): 1, (0,): 1}, [Real], YES),
        ({(2,): 1}, [Real], WEAK),
        ({(1,): 1}, [Real], OPEN),
        ({(1,): 1, (0,): -1}, [PositiveInteger], WEAK),  # t - 1
        ({(1,): 1, (0,): Fraction(-1, 2)}, [PositiveInteger], YES),
        ({(1,): -1}, [Domain(None, Fraction(0), upper_open=True)], YES),
        ({(1, 0): 1, (0, 2): 1}, [NonNegative, Real], WEAK),  # v + g**2
        ({(1, 0): 1, (0, 1): 1}, [Positive, NonNegative], YES),
        ({(1, 0): 1, (0, 1): -1}, [Positive, Positive], OPEN),
        ({(2, 0): 1, (1, 1): 2, (0, 2): 1}, [Real, Real], WEAK),  # (x + y)**2
        ({(2, 0): 1, (1, 1): 3, (0, 2): 1}, [Real, Real], OPEN),
        ({(2, 0): -1, (1, 1): 1, (0, 2): -1}, [Real, Real], Sign(-1, False)),
        # h + (g + w*p)**2, times 1 - b
        (
            {
                (0, 1, 0, 0, 0): 1,
                (0, 0, 2, 0, 0): 1,
                (0, 0, 1, 1, 1): 2,
                (0, 0, 0, 2, 2): 1,
                (1, 1, 0, 0, 0): -1,
                (1, 0, 2, 0, 0): -1,
                (1, 0, 1, 1, 1): -2,
                (1, 0, 0, 2, 2): -1,
            },
            [UnitInterval, NonNegative, Real, NonNegative, Real],
            WEAK,
        ),
    ],
)
def test_the_sign_is_that_of_every_point(terms, domains, expected) -> None:
    assert sign_of(terms, dict(enumerate(domains))) == expected


def test_a_known_sign_holds_at_sampled_points() -> None:
    """For random quadratics in two bounded variables: a sign that is claimed is that of a grid of points."""
    values = [Fraction(k, 7) for k in range(7)]
    claimed = 0
    for a in range(-2, 3):
        for b in range(-2, 3):
            for c in range(-2, 3):
                terms = {m: k for m, k in {(2, 0): a, (1, 1): b, (0, 0): c}.items() if k}
                sign = sign_of(terms, {0: UnitInterval, 1: UnitInterval})
                claimed += sign.value != 0
                for x in values:
                    for y in values:
                        value = a * x * x + b * x * y + c
                        assert sign.value * value >= 0
                        assert not (sign.strict and value == 0)
    assert claimed > 50
