"""The reference generator gives the numbers that Random123 publishes, and what is made of them is spread evenly."""

from __future__ import annotations

import numpy as np
import pytest

from symopt.run.philox import Words, philox, seed_of_tensor, uniform, uniforms

# kat_vectors of Random123: philox4x32 with ten rounds.
KNOWN: list[tuple[Words, tuple[int, int], Words]] = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


@pytest.mark.parametrize(("counter", "key", "words"), KNOWN)
def test_known_answers(counter: Words, key: tuple[int, int], words: Words) -> None:
    assert philox(counter, key) == words


def test_a_number_is_made_of_the_upper_bits_of_its_word() -> None:
    """Element 0 of the first four draws at step 0 with seed 0: the words of the first known answer."""
    for draw, word in enumerate(KNOWN[0][2]):
        assert uniform(0, 0, draw, 0) == (2 * (word >> 9) + 1) / 2**24


def test_every_number_is_exact_in_single_precision_and_inside() -> None:
    narrow, wide = (uniforms((7, 11), 3, 1, 2**63 + 5, dtype) for dtype in ("float32", "float64"))
    assert (narrow.astype(np.float64) == wide).all()
    assert narrow.shape == (7, 11)
    assert (wide > 0).all()
    assert (wide < 1).all()


def test_elements_steps_draws_seeds_and_tensors_differ() -> None:
    first = uniform(1, 2, 0, 3)
    others = [uniform(2, 2, 0, 3), uniform(1, 3, 0, 3), uniform(1, 2, 1, 3), uniform(1, 2, 4, 3), uniform(1, 2, 0, 4)]
    others += [uniform(1 + 2**32, 2, 0, 3), uniform(1, 2, 0, seed_of_tensor(3, 1))]
    assert len({first, *others}) == len(others) + 1
    assert seed_of_tensor(2**64 - 1, 1) == 2**32 - 1


def test_they_are_uniform() -> None:
    """Mean and variance of 4000 numbers, within five standard errors."""
    found = uniforms((4000,), 1, 0, 0, "float64")
    assert abs(found.mean() - 1 / 2) < 5 * np.sqrt(1 / 12 / 4000)
    assert abs(found.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / 4000)
