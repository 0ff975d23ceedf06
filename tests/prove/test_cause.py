"""Sentences about why two rules differ: one of every class, and what they say is so."""

from __future__ import annotations

import re
from typing import Any

import pytest
from mutants import mutants

from symopt.catalogue import resolve
from symopt.ir.nodes import num, op, ref
from symopt.ir.trace import Let, Trace
from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, norm, sqrt, where
from symopt.passes.tracing import trace
from symopt.prove.cause import cause
from symopt.prove.cause.points import POINTS, agree, evaluate, sample
from symopt.prove.pair import make_pair


def said(left: type[Rule] | str, right: type[Rule] | str, varying: tuple[str, ...] = ()) -> str:
    sides = [trace(resolve(side)) if isinstance(side, str) else trace(side()) for side in (left, right)]
    return cause(make_pair(*sides, varying))


def averages(s: Any, g: Any) -> None:
    s.m = ema(s.m, g, s.b)
    s.v = ema(s.v, g**2, s.c)


def direction(s: Any) -> Any:
    return s.m / (1 - s.b**s.t) / (sqrt(s.v / (1 - s.c**s.t)) + s.e)


def finish(s: Any, d: Any) -> None:
    s.p = s.p - s.lr * s.w * s.p - s.lr * d


class Base(Rule):
    """Two averages, a corrected direction, a decay."""

    lr = Hyper(0.1, domain=NonNegative)
    b = Hyper(0.9, domain=UnitInterval)
    c = Hyper(0.99, domain=UnitInterval)
    e = Hyper(0.01, domain=Positive)
    w = Hyper(0.1, domain=NonNegative)
    m, v = State(), State()

    def update(s) -> None:
        averages(s, s.g)
        finish(s, direction(s))


def variant(averages: Any = averages, direction: Any = direction, finish: Any = finish, **other: Any) -> type[Rule]:
    """The rule with some of its parts replaced."""

    def update(s: Any) -> None:
        averages(s, s.g)
        finish(s, direction(s))

    return type("Variant", (Base,), {"update": update, **other})


def with_decay_in_gradient(s: Any, g: Any) -> None:
    averages(s, g + s.w * s.p)


def after(s: Any, d: Any) -> None:
    s.q = s.p - s.lr * d
    s.p = s.q - s.lr * s.w * s.q


def plainly(s: Any, d: Any) -> None:
    s.p = s.p - s.lr * d


def by_rate_or_not(s: Any, d: Any) -> None:
    s.p = s.p - s.w * s.p - s.lr * d


def the_part_that_decays(s: Any, d: Any) -> None:
    s.p = s.lr * s.w * s.p - s.lr * d


def upwards(s: Any, d: Any) -> None:
    s.p = s.p - s.lr * s.w * s.p + s.lr * d


def exchanged(s: Any, g: Any) -> None:
    s.m = ema(s.m, g, s.c)
    s.v = ema(s.v, g**2, s.b)


def complemented(s: Any, g: Any) -> None:
    s.m = ema(s.m, g, 1 - s.b)
    s.v = ema(s.v, g**2, 1 - s.c)


def fourth_power(s: Any, g: Any) -> None:
    s.m = ema(s.m, g, s.b)
    s.v = ema(s.v, g**4, s.c)


def summed(s: Any, g: Any) -> None:
    s.m = s.b * s.m + g
    s.v = ema(s.v, g**2, s.c)


def of_the_parameter(s: Any, g: Any) -> None:
    s.m = ema(s.m, s.p, s.b)
    s.v = ema(s.v, g**2, s.c)


def too_early(s: Any, g: Any) -> None:
    s.before = s.m * 1
    averages(s, g)


def in_place(s: Any) -> Any:
    s.m = s.m / (1 - s.b**s.t)
    return s.m / (sqrt(s.v / (1 - s.c**s.t)) + s.e)


CLASSES = [
    (
        variant(direction=lambda s: s.m / (1 - s.b**s.t) / sqrt(s.v / (1 - s.c**s.t) + s.e)),
        "e is added under the root on the left and outside it on the right.",
    ),
    (
        variant(direction=lambda s: s.m / (1 - s.b**s.t) / (sqrt(s.v) + s.e) * sqrt(1 - s.c**s.t)),
        "e is added before the correction by sqrt(1 - c**t) on the left, which divides it as well, "
        "and after it on the right.",
    ),
    (
        variant(direction=lambda s: s.m / (sqrt(s.v) + s.e)),
        "The correction by b**t, c**t on the right is missing on the left.",
    ),
    (
        variant(direction=lambda s: s.m * (1 - s.b**s.t) / (sqrt(s.v / (1 - s.c**s.t)) + s.e)),
        "The correction 1 - b**t multiplies on the left and divides on the right.",
    ),
    (
        variant(direction=lambda s: s.m / sqrt(1 - s.b**s.t) / (sqrt(s.v / (1 - s.c**s.t)) + s.e)),
        "The left has 1 - b**t under a root, the right has not.",
    ),
    (
        variant(direction=lambda s: s.m / (1 - s.b) ** s.t / (sqrt(s.v / (1 - s.c) ** s.t) + s.e)),
        "The right has 1 - b**t and 1 - c**t where the left has (1 - b)**t and (1 - c)**t.",
    ),
    (
        variant(direction=lambda s: s.m / (1 - s.b ** (s.t + 1)) / (sqrt(s.v / (1 - s.c ** (s.t + 1))) + s.e)),
        "The correction takes b and c to the power t + 1 on the left and to the power t on the right.",
    ),
    (
        variant(direction=lambda s: s.m / (1 - s.b) / (sqrt(s.v / (1 - s.c**s.t)) + s.e)),
        "The correction takes b to the power 1 on the left and to the power t on the right.",
    ),
    (
        variant(averages=with_decay_in_gradient, finish=plainly),
        "On the left the parameter enters the gradient and with it the state m, v; "
        "on the right it acts on the parameter alone.",
    ),
    (
        variant(finish=after),
        "The decay comes after the step on the left and takes from the step too; on the right before it.",
    ),
    (variant(finish=by_rate_or_not), "In p the right multiplies p*w by lr, which the left does not."),
    (
        variant(finish=the_part_that_decays),
        "Of the parameter the left keeps the part lr*w, the right the part 1 - lr*w.",
    ),
    (variant(averages=exchanged), "b and c have changed places in m and v."),
    (variant(averages=complemented), "The left has 1 - b and 1 - c where the right has b and c in m and v."),
    (
        variant(direction=in_place),
        "One step is the same; what m keeps for the next is not. "
        "In m the left divides b*m + g*(1 - b) by 1 - b**t, which the right does not.",
    ),
    (
        variant(too_early, lambda s: s.before / (1 - s.b**s.t) / (sqrt(s.v / (1 - s.c**s.t)) + s.e)),
        "In p the left reads m from before the step, the right the new value.",
    ),
    (variant(averages=fourth_power), "In v the exponent is 4 on the left and 2 on the right."),
    (variant(averages=summed), "In m the right multiplies g by 1 - b, which the left does not."),
    (variant(averages=of_the_parameter), "In m the left has p where the right has g."),
    (variant(finish=upwards), "The step has opposite signs on the two sides."),
    (variant(m=State(init=1)), "m starts at 1 on the left and at 0 on the right."),
]


@pytest.mark.parametrize(("left", "sentence"), CLASSES, ids=[text[:40] for _, text in CLASSES])
def test_every_class_has_a_sentence_of_its_own(left: type[Rule], sentence: str) -> None:
    assert said(left, Base) == sentence


@pytest.mark.parametrize(("left", "sentence"), CLASSES, ids=[text[:40] for _, text in CLASSES])
def test_the_sides_may_be_exchanged(left: type[Rule], sentence: str) -> None:
    """The same is said of the other side, perhaps with its clauses in another order."""
    turned = {"left": "right", "right": "left", "The left": "The right", "The right": "The left"}
    words = re.findall(r"[\w*+/()-]+", said(Base, left))
    assert sorted(turned.get(word, word) for word in words) == sorted(re.findall(r"[\w*+/()-]+", sentence))


class Dampened(Rule):
    """The first gradient is dampened as every other."""

    lr = Hyper(0.1, domain=NonNegative)
    mu = Hyper(0.9, domain=NonNegative)
    tau = Hyper(0.5, domain=UnitInterval)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + (1 - s.tau) * s.g
        s.p = s.p - s.lr * s.b


class Scaled(Rule):
    """A step in proportion to the parameter."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g * norm(s.p)


class ScaledUnlessZero(Rule):
    """The same with a case of its own."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g * where(norm(s.p) > 0, norm(s.p), 1)


class LargestOfCorrected(Rule):
    """The largest corrected moment."""

    lr = Hyper(0.1, domain=NonNegative)
    c = Hyper(0.99, domain=UnitInterval)
    v, x = State(), State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.c)
        s.x = maximum(s.x, s.v / (1 - s.c**s.t))
        s.p = s.p - s.lr * s.g / sqrt(s.x)


class CorrectedLargest(LargestOfCorrected):
    """The largest moment, corrected."""

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.c)
        s.x = maximum(s.x, s.v)
        s.p = s.p - s.lr * s.g / sqrt(s.x / (1 - s.c**s.t))


class EpsMoved(Rule):
    """A constant in the first operand of a maximum."""

    lr = Hyper(0.1, domain=NonNegative)
    c = Hyper(0.99, domain=UnitInterval)
    e = Hyper(0.01, domain=Positive)
    u = State()

    def update(s) -> None:
        s.u = maximum(s.c * s.u + s.e, s.g**2)
        s.p = s.p - s.lr * s.g / s.u


class EpsStays(EpsMoved):
    """The constant in the second."""

    def update(s) -> None:
        s.u = maximum(s.c * s.u, s.g**2 + s.e)
        s.p = s.p - s.lr * s.g / s.u


@pytest.mark.parametrize(
    ("left", "right", "varying", "sentence"),
    [
        (
            Dampened,
            "sgd[momentum=True,dampening=True]",
            (),
            "Only the first step differs: b becomes g*(1 - tau) on the left and g on the right.",
        ),
        (Scaled, ScaledUnlessZero, (), "Only the right has a case of its own for 0 < sqrt(sum(p**2))."),
        (
            LargestOfCorrected,
            CorrectedLargest,
            (),
            "In x the maximum is taken after the correction by 1 - c**t on the left, and without it on the right.",
        ),
        (EpsMoved, EpsStays, (), "In u e is added to c*u on the left and g**2 on the right."),
        (
            "momentum",
            "momentum_velocity",
            ("lr",),
            "On the right lr enters the state w, where that of earlier steps is kept; "
            "on the left the lr of the present step multiplies all that was kept.",
        ),
        (
            "nag",
            "heavy_ball",
            (),
            "The gradient is asked for at different points: mu*(p - p_prev) + p on the left, p on the right.",
        ),
    ],
)
def test_what_differs_in_some_steps_alone(
    left: type[Rule] | str, right: type[Rule] | str, varying: tuple[str, ...], sentence: str
) -> None:
    assert said(left, right, varying).startswith(sentence)


NAMED = re.compile(r"(?:^|\. )In (\w+) ")
ELEMENTWISE = ["adam", "adamw", "amsgrad", "adabelief", "nadam", "rmsprop[centered=True,momentum=True]", "ftrl", "lion"]


@pytest.mark.parametrize("rule", ELEMENTWISE)
def test_a_sentence_about_an_edit_names_what_the_edit_changed(rule: str) -> None:
    """The new values that an edit changes are known by their identity; the sentence names one of them, or all."""
    original = trace(resolve(rule))
    general, total = 0, 0
    for edit, mutant in mutants(original, 7, 20):
        changed = {name for name, node in original.step().items() if mutant.step()[name] is not node}
        if not changed:
            continue
        sentence = cause(make_pair(original, mutant))
        total += 1
        general += sentence.startswith("The first statement")
        named = NAMED.search(sentence)
        assert named is None or named[1] in changed, (edit, sentence)
        assert "where the right has" not in sentence or _sides_differ(sentence), (edit, sentence)
    assert total > 10
    # What is said of the first statement alone are edits that turn operands round, and so change nothing.
    assert general <= total / 3


def _sides_differ(sentence: str) -> bool:
    texts = re.search(r"the left has (.*) where the right has (.*)\.", sentence)
    return texts is None or texts[1] != texts[2]


def test_equal_writings_agree_at_the_points_and_others_do_not() -> None:
    """The points tell expressions apart that differ somewhere, and no others."""
    a, b = ref("a"), ref("b")
    values = sample(["a", "b"], [], {})
    square = op("mul", op("sub", a, b), op("add", a, b))
    difference = op("sub", op("mul", a, a), op("mul", b, b))
    found = evaluate([square, difference, op("abs", a), a, op("sqrt", a)], values)
    assert agree(found[square], found[difference])
    assert not agree(found[op("abs", a)], found[a])
    assert not agree(found[op("sqrt", a)], found[a])
    assert all(value.shape[0] == POINTS for value in found.values())


def test_a_statement_that_is_assigned_again_is_compared_with_its_own_partner() -> None:
    """Of several statements that assign one name, the one that differs is shown."""
    names = ["x", "x_1", "x_2"]
    lets = [
        Let(name, op("add", ref(before), num(k)), "x")
        for k, (name, before) in enumerate(zip(names, ["g", *names[:2]], strict=True))
    ]
    lets.append(Let("p_new", op("sub", ref("p"), op("exp", op("floor", ref("x_2")))), "p"))
    base = trace(resolve("signsgd"))
    left = base.with_lets(tuple(lets))
    left = Trace(**{**vars(left), "results": {"p": "p_new"}})
    changed = [lets[0], Let("x_1", op("mul", ref("x"), op("exp", ref("x"))), "x"), *lets[2:]]
    right = Trace(**{**vars(left), "lets": tuple(changed)})
    sentence = cause(make_pair(left, right))
    assert "exp(x)" in sentence or "exp(g)" in sentence
