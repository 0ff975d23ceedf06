"""Every value of a random run lies in the range that was derived for it, for every rule of the catalogue."""

from __future__ import annotations

import numpy as np
import pytest

from symopt.catalogue import rule_names
from symopt.errors import UnsupportedError
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Replay
from symopt.run.hazards.settle import _random
from symopt.run.hazards.subject import subject


@pytest.mark.parametrize("name", rule_names())
def test_random_runs_stay_in_the_ranges(name: str) -> None:
    kernel = subject(name, "float16")
    try:
        replay, g = Replay(kernel), _random(kernel, None)
        found, values = ranges(kernel), replay.start(g[::-1])
        for step in range(1, 6):
            stepped = replay.step(values, np.roll(g, 13 * step), step)
            values = stepped.values
            for place, value in stepped.places.items():
                box, numbers = found[place], np.asarray(value, np.float64)
                inside = (np.isnan(numbers) & box.nan) | ((numbers >= box.lo) & (numbers <= box.hi))
                assert inside.all(), (place.let, str(place), str(box), numbers[~inside])
    except UnsupportedError as error:
        pytest.skip(str(error))


def test_a_bound_of_the_gradients_bounds_what_is_computed_from_them() -> None:
    kernel = subject("adam", "float16")
    (square,) = {place for place in ranges(kernel) if str(place) == "g*g"}
    assert ranges(kernel)[square].hi == np.inf
    assert ranges(kernel, 255.0)[square].hi == np.float16(255) ** 2 < np.inf
