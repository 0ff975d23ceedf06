"""Classes are computed from traces; what backends refuse is told by class."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from symopt import catalogue
from symopt.backends.base import Backend, Variant, variants_of
from symopt.classes import NOTHING, Made, Trait, by_class, letters, made, reason, refusal_table, traits_of, words
from symopt.errors import UnsupportedError
from symopt.passes.tracing import trace
from tests.run.small_rules import RULES

# As a person reads the rules.
SMALL = {
    "trust": "T", "number_state": "T", "extremes": "T+A", "factored": "T+A", "newton": "T+X", "roots": "X",
    "rotated": "X", "global_clip": "G", "distance": "G", "sharpness": "G+P", "midpoints": "E+P", "langevin": "E+S",
    "given": "T+I", "counted": "E",
}  # fmt: skip


def test_classes_of_small_rules() -> None:
    assert {rule.name: letters(traits_of(trace(rule))) for rule in RULES} == SMALL


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("adamw", "element-wise"), ("lamb", "per tensor"), ("sm3", "rows and columns"), ("soap", "matrix"),
        ("sm3[factored=False]", "element-wise"), ("prodigy", "model"), ("sam", "model, own gradients"),
        ("sgld", "element-wise, random"), ("sophia", "element-wise, extra inputs"),
        ("lookahead[base=lamb]", "per tensor"), ("chain(clip_norm,adamw)", "per tensor"),
    ],
)  # fmt: skip
def test_classes_of_the_catalogue(target: str, expected: str) -> None:
    assert words(traits_of(trace(catalogue.resolve(target)))) == expected


def test_every_trait_has_words_of_its_own() -> None:
    assert len({trait.words for trait in Trait}) == len({trait.value for trait in Trait}) == len(Trait)
    assert all(trait.meaning for trait in Trait)


def refusing(variants: Sequence[Variant]) -> dict[str, object]:
    raise UnsupportedError(f"{variants[0].rule.name}: it is a Tuesday")


def test_what_a_backend_refuses_is_asked_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    other = Backend("other", {}, refusing)
    monkeypatch.setattr("symopt.classes.backend", lambda name: other)
    found = made("other", variants_of(catalogue.rule("sgd")))
    assert (found.files, found.lacks, found.why) == ({}, NOTHING, "it is a Tuesday")
    half = Backend("other", {}, lambda variants: {}, lambda variants: ("the other half", "it is late"))
    monkeypatch.setattr("symopt.classes.backend", lambda name: half)
    assert (made("other", variants_of(catalogue.rule("sgd"))).lacks) == "the other half"


def test_the_reason_is_told_without_the_rule() -> None:
    assert reason(UnsupportedError("muon: p is a matrix")) == "p is a matrix"
    assert reason(UnsupportedError("the number 1: too large")) == "the number 1: too large"


def test_refusals_of_a_class_for_one_reason_are_one_line() -> None:
    element, tensor = (Trait.ELEMENT,), (Trait.TENSOR,)
    found = [
        ("c", tensor, Made("x", {}, NOTHING, "why")),
        ("a", element, Made("x", {}, NOTHING, "why")),
        ("b", element, Made("x", {}, NOTHING, "why")),
        ("b", element, Made("y", {}, "a half", "because")),
        ("d", element, Made("x", {})),
    ]
    refusals = by_class(found)
    assert [(r.traits, r.backend, r.lacks, r.why, r.rules) for r in refusals] == [
        (element, "x", NOTHING, "why", ("a", "b")),
        (element, "y", "a half", "because", ("b",)),
        (tensor, "x", NOTHING, "why", ("c",)),
    ]
    title, *lines = refusal_table(refusals)
    assert title.split() == ["class", "backend", "not", "made", "rules", "why"]
    assert lines[0].split() == ["element-wise", "x", "kernels", "2", "why"]
    assert refusal_table([]) == []
