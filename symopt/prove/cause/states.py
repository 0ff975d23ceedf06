"""Which state of one side is which of the other, whatever they are called: what is computed alike is the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from symopt.prove.cause.places import Places, alike
from symopt.prove.cause.points import NotEvaluatedError
from symopt.prove.pair import Pair, bare

# Up to this many states of one side without a namesake every assignment is tried.
MOST_LONE = 4
Partners = Mapping[str, str]  # the right's state -> the left's, by their common names


def corresponding(pair: Pair) -> Places:
    """The two sides over common names, states that are computed alike taken for one another.

    States of one name are one, unless fewer new values agree then than under another assignment. Sources that
    number their states, as lifted code does, have no names to go by.

    Raises
    ------
    NotEvaluatedError: the two cannot be evaluated.
    """
    by_name = Places(pair)
    if not (any(by_name.only) or by_name.differing):
        return by_name
    best, most = by_name, _score(by_name)
    for partners in _assignments(pair, by_name):
        try:
            places = Places(pair, partners)
            score = _score(places)
        except NotEvaluatedError:
            continue
        if score > most and (score[0] > most[0] or _start_alike(pair, partners)):
            best, most = places, score
    return best


def _score(places: Places) -> tuple[int, int]:
    """How many new values agree, and how few states have no partner."""
    return len(places.places) - len(places.differing), -sum(map(len, places.only))


def _start_alike(pair: Pair, partners: Partners) -> bool:
    """Whether every pair starts from the same value and each of it remembers its old one."""
    return all(alike(pair, left, right) for right, left in partners.items())


def _assignments(pair: Pair, by_name: Places) -> Iterator[Partners]:
    """The states without a partner paired in every way; then all states that are only numbered."""
    yield from _completed(pair, by_name.partners, by_name.only)
    if any(_is_numbered(bare(state)) for state in pair.left.states) and by_name.partners:
        yield from _completed(pair, {}, ([*pair.left.states], [*pair.right.states]))


def _is_numbered(state: str) -> bool:
    """Whether a name is a letter and a number, as what has no name of its own is called."""
    return state[:1].isalpha() and state[1:].isdigit()


def _completed(pair: Pair, known: Partners, lone: tuple[list[str], list[str]]) -> Iterator[Partners]:
    """What is known, with as many more pairs as there can be."""
    ours, theirs = lone
    short = min(len(ours), len(theirs))
    if not short or max(len(ours), len(theirs)) > MOST_LONE:
        return
    for chosen in itertools.permutations(ours, short):
        for own in itertools.combinations(theirs, short):
            yield {**known, **dict(zip(own, chosen, strict=True))}
