"""Wrappers, parts and chains that make no sense: each is refused in one line that says what and where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from symopt import catalogue
from symopt.errors import SpecError, SymoptError, UsageError
from symopt.lang import Chain, Hyper, Inner, Part, Rule, State
from symopt.lang.compose import chain
from symopt.lang.recorder import record

SGD, ADAM = catalogue.rule("sgd"), catalogue.rule("adam")
TRACE, CLIP = catalogue.part("trace"), catalogue.part("clip_value")

OWN_POINT = "asks for its gradient at a point of its own, and a rule around it gives it one; it cannot be wrapped so"
TARGETS = {
    "accumulated[base=nag]": f"nag {OWN_POINT}",
    "accumulated[base=sam]": f"sam {OWN_POINT}",
    "accumulated[base=lookahead(base=nag)]": f"nag {OWN_POINT}",
    "sam[base=nag]": f"nag {OWN_POINT}",
    "chain(clip_value,nag)": f"nag {OWN_POINT}",
    "lookahead[base=3]": "lookahead: base = 3; an inner rule is a rule",
    "lookahead[base=True]": "lookahead: base = True; an inner rule is a rule",
    "lookahead[base=adma]": "no rule is called 'adma'; did you mean adam",
    "lookahead[base=cosine]": "no rule is called 'cosine'",
    "lookahead[base=trace]": "trace is a part; a rule that is made of parts is written chain(trace,...)",
    "lookahead[base=adam(lrr=3)]": "adam has no option or hyper-parameter 'lrr'; did you mean lr?",
    "lookahead[lr=0.1]": "lookahead has no lr; it is set in sgd(lr=...), which is inside it",
    "lookahead[base=adam,eps=0.1]": "lookahead_adam has no eps; it is set in adam(eps=...), which is inside it",
    "lookahead[period=0]": "lookahead: period = 0 is outside its domain: 1 <= period, an integer",
    "lookahead[base=chain()]": "a chain needs at least one part",
    "decayed[base=ewa]": "ewa: nothing is named s.lr",
    "schedule_free[base=ewa]": "ewa: nothing is named s.lr",
    "chain()": "a chain needs at least one part",
    "chain(sgd)": "a chain of the rule sgd alone is that rule; put parts before it",
    "chain(sgd,trace)": "a chain of sgd and more: only the last of a chain may be a rule",
    "chain(trace,sgd,sign)": "a chain of sgd and more: only the last of a chain may be a rule",
    "chain(tracr)": "no part or rule is called 'tracr'; did you mean trace?",
    "chain(3)": "'chain(3)': 3 is no part; parts are written name or name(key=value)",
    "chain(trace,lr=0.1)": "'chain(trace,lr=0.1)': a chain has parts; its settings stand behind it",
    "chain(trace)[mu=0.5]": "chain_trace has no mu; it is set in trace(mu=...), which is inside it",
    "chain(trace(mu=-1))": "trace: mu = -1 is outside its domain: 0 <= mu",
    "chain(trace(rho=1))": "trace has no option or hyper-parameter 'rho'; known: nesterov, mu",
    "chain(trace(mu=0.5,mu=0.6))": "mu is set twice",
}


def message(target: str) -> str:
    with pytest.raises(SymoptError) as caught:
        record(catalogue.resolve(target))
    return str(caught.value)


@pytest.mark.parametrize("target", TARGETS)
def test_target_is_refused_in_one_line(target: str) -> None:
    said = message(target)
    assert TARGETS[target] in said
    assert "\n" not in said


class Wrapper(Rule):
    """The step of a rule, taken as it is; the rules below differ from it in one thing."""

    source = "this test"
    base = Inner(SGD)

    def update(s) -> None:
        s.p = s.base()


class Never(Wrapper):
    """The rule inside makes no step."""

    def update(s) -> None:
        s.p = s.p - s.g


class Twice(Wrapper):
    """The rule inside makes two steps."""

    def update(s) -> None:
        s.p = s.base(p=s.base())


class Positional(Wrapper):
    """The gradient is given without its name."""

    def update(s) -> None:
        s.p = s.base(s.g)


class Unknown(Wrapper):
    """The rule inside is given something that it does not take."""

    def update(s) -> None:
        s.p = s.base(q=s.g)


class Text(Wrapper):
    """The rule inside is given a text."""

    def update(s) -> None:
        s.p = s.base(g="g")


class Early(Wrapper):
    """A hyper-parameter of the rule inside is read before its step."""

    def update(s) -> None:
        s.d = s.base.lr * s.p
        s.p = s.base() - s.d


class Misspelt(Wrapper):
    """The rule inside is called by another name."""

    def update(s) -> None:
        s.p = s.bass()


class Replaced(Wrapper):
    """The rule inside is assigned."""

    def update(s) -> None:
        s.base = s.g
        s.p = s.p - s.base


class TwoDirections(Rule):
    """A part is given two directions."""

    source = "this test"
    part = Inner(TRACE)

    def update(s) -> None:
        s.p = s.p - s.part(s.g, s.p)


class NoDirection(Rule):
    """A part is given its direction by name."""

    source = "this test"
    part = Inner(TRACE)

    def update(s) -> None:
        s.p = s.p - s.part(u=s.g)


class Mute(Part):
    """A part that gives no direction."""

    source = "this test"

    def direction(s, u: Any) -> Any:
        s.u2 = u


class Nothing(Part):
    """A part that says nothing."""

    source = "this test"


SPECS: list[tuple[type[Rule], str]] = [
    (Never, "the inner rule s.base makes no step; write s.p = s.base()"),
    (Twice, "sgd makes two steps in one; it has one state"),
    (Positional, "sgd is a rule: it takes g, p, t, when, by name"),
    (Unknown, "sgd is a rule: it takes g, p, t, when, by name"),
    (Text, "sgd: g=... is given 'g'; an expression in the names of the rule is needed"),
    (Early, "s.base.lr is read before s.base makes its step, which is when a schedule gives it its value"),
    (Misspelt, "nothing is named s.bass; did you mean base?"),
    (Replaced, "s.base is fixed during a step and cannot be assigned"),
    (TwoDirections, "trace is a part: it is given one direction"),
    (NoDirection, "trace is a part: it is given one direction"),
    (chain(Mute), "mute: the direction is given None; an expression in the names of the rule is needed"),
    (chain(Nothing), "nothing has no method direction(s, u)"),
]


@pytest.mark.parametrize(("rule", "expected"), SPECS, ids=lambda value: getattr(value, "__name__", ""))
def test_text_is_refused_in_one_line_with_its_place(rule: type[Rule], expected: str) -> None:
    with pytest.raises(SpecError) as caught:
        record(rule())
    said = str(caught.value)
    assert expected in said
    assert "\n" not in said


@pytest.mark.parametrize("rule", [Never, Twice, Positional, Unknown, Text, Early, Misspelt, Replaced, TwoDirections])
def test_message_names_the_line_of_the_text(rule: type[Rule]) -> None:
    with pytest.raises(SpecError, match=r"^.*test_bad_wrappers\.py:\d+: "):
        record(rule())


def test_what_is_no_rule_is_no_inner_rule() -> None:
    with pytest.raises(SpecError, match=r"Bad\.base: 3 is neither a rule nor a part"):

        class Bad(Rule):
            """Around a number."""

            base = Inner(3)

    with pytest.raises(UsageError, match="wrapper: base = 3; an inner rule is a rule"):
        Wrapper.over(base=3)
    with pytest.raises(UsageError, match=r"wrapper has no inner rule 'bass'; did you mean base\?"):
        Wrapper.over(bass=ADAM)
    with pytest.raises(UsageError, match=r"wrapper: write Wrapper\.over\(base=...\) for another inner rule"):
        Wrapper(base=ADAM)


def test_what_is_no_part_is_in_no_chain() -> None:
    with pytest.raises(SpecError, match="a chain of adam and more: only the last of a chain may be a rule"):
        chain(ADAM, CLIP)
    with pytest.raises(SpecError, match="a chain: 3 is neither a rule nor a part"):
        chain(3, CLIP)
    with pytest.raises(SpecError, match="Bad: 3 is neither a rule nor a part"):

        class Bad(Chain):
            """Of a number."""

            parts = (CLIP, 3)


def test_what_a_file_lacks_is_in_no_chain(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    text = "from symopt.lang import Part\n\nclass Halve(Part):\n    def direction(s, u):\n        return u / 2\n"
    path.write_text(text, encoding="utf-8")
    assert "defines no rule or part 'Halv'; did you mean Halve?" in message(f'chain("{path}:Halv",adam)')
    assert "defines no subclass of symopt.Rule" in message(f'lookahead[base="{path}:Halve"]')
    assert f"no file {tmp_path}" in message(f'chain("{tmp_path}/none.py",adam)')


def test_states_of_an_inner_rule_that_stays_are_declared() -> None:
    """The recording of a wrapper has the hyper-parameters and states of the rule inside, each once."""

    class Two(Rule):
        """Two rules in a row."""

        source = "this test"
        mu = Hyper(0.5, "m")
        b = State()
        first, second = Inner(SGD(momentum=True)), Inner(SGD(momentum=True))

        def update(s) -> None:
            s.b = s.mu * s.b + s.g
            s.p = s.second(p=s.first(g=s.b), g=s.g)

    recording = record(Two())
    assert list(recording.hypers) == ["mu", "lr", "first_mu", "second_lr", "second_mu"]
    assert list(recording.states) == ["b", "first_b", "second_b"]


def test_a_rule_that_looks_ahead_may_be_wrapped_where_it_asks_for_itself() -> None:
    for target in ("lookahead[base=nag]", "averaged[base=sam(base=adam)]", "decayed[base=nag]", "cautious[base=nag]"):
        assert record(catalogue.resolve(target)).queries
