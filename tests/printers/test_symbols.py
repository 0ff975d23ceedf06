"""Symbols: what names and declared TeX look like, and which step a value belongs to."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symopt
from symopt.lang import Hyper, Rule, State, ema
from symopt.printers import mathml
from symopt.printers.naming import trace_symbols
from symopt.printers.numerals import numeral
from symopt.printers.symbols import GREEK, Symbol, from_name
from symopt.printers.tex import TEX
from symopt.printers.texsymbol import read_symbol


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("m", "m"),
        ("m_hat", r"\hat{m}"),
        ("v_hat_max", r"\hat{v}_{\mathrm{max}}"),
        ("g_bar", r"\bar{g}"),
        ("eta", r"\eta"),
        ("delta", r"\delta"),
        ("beta1", r"\beta_1"),
        ("beta_1", r"\beta_1"),
        ("c12", "c_{12}"),
        ("den", r"\mathrm{den}"),
        ("den2", r"\mathrm{den}_2"),
        ("weight_decay", r"\mathrm{weight\_decay}"),
        ("step_size_2", r"\mathrm{step\_size}_2"),
        ("delta_hat", r"\hat{\delta}"),
    ],
)
def test_a_name_suggests_its_symbol(name: str, written: str) -> None:
    assert TEX.symbol(name, from_name(name)) == written


@pytest.mark.parametrize(
    ("tex", "symbol"),
    [
        (r"\beta_1", Symbol(("beta",), sub=("1",))),
        (r"\beta_{1}", Symbol(("beta",), sub=("1",))),
        (r"v^{\max}", Symbol(("v",), sup=("max",))),
        (r"\gamma_{\min}", Symbol(("gamma",), sub=("min",))),
        (r"\hat\epsilon", Symbol(("epsilon",), accents=("hat",))),
        (r"\widehat{v}_{t,\mathrm{max}}", Symbol(("v",), accents=("hat",), sub=("t", "max"))),
        (r"\theta^{\mathrm{prev}}", Symbol(("theta",), sup=("prev",))),
        (r"\mathrm{weight\_decay}", Symbol(("weight_decay",))),
        (r"\Delta\theta", Symbol(("Delta", "theta"))),
        ("x'", Symbol(("x",), primes=1)),
        (r"w^\ast", Symbol(("w",), sup=("*",))),
        ("", None),
        ("x_", None),
        ("x_1_2", None),
        ("{", None),
        (r"\href{javascript:alert(1)}{x}", None),
        (r"\mathrm{<b>}", None),
        (r"\mathrm{a_b}", None),
        (r"\mathrm{\href}", None),
        ("x$y", None),
        ("a+b^{", None),
        (r"\hat", None),
    ],
)
def test_declared_tex_is_read_where_it_is_one_symbol(tex: str, symbol: Symbol | None) -> None:
    assert read_symbol(tex) == symbol


def test_what_is_read_is_printed_again() -> None:
    for tex in (r"\beta_1", r"v^{\mathrm{max}}", r"\hat{v}_{t,\mathrm{max}}", r"\Delta", r"\theta^{\mathrm{prev}}"):
        symbol = read_symbol(tex)
        assert symbol is not None
        assert TEX.symbol("", symbol) == tex


def test_every_greek_name_is_a_letter_in_both_dresses() -> None:
    for name, letter in GREEK.items():
        assert TEX.symbol(name, from_name(name)) == rf"\{name}"
        assert mathml.symbol_elements(from_name(name)) == f"<mi>{letter}</mi>"


def test_scripts_primes_and_steps_stand_together() -> None:
    symbol = Symbol(("v",), ("hat",), ("max",), ("k",), 1, "t-1")
    assert TEX.symbol("v", symbol) == r"\hat{v}_{\mathrm{max},t-1}'^k"
    assert TEX.symbol("v", Symbol(("v",), primes=3, index="t")) == "v_t^{(3)}"


class Twice(Rule):
    """Assigns everything twice."""

    lr = Hyper(0.1, r"\gamma")
    step = Hyper(0.1, r"\foo{<script>}")
    m = State(tex=r"\mu_{\max}")
    theta = State()

    def update(s) -> None:
        s.half = s.lr / 2
        s.m = ema(s.m, s.g, s.half)
        s.m = s.m / s.t
        s.u = s.m + s.step
        s.u = s.u * s.u
        s.eta_t = s.u + 1
        s.theta = s.theta + s.eta_t
        s.p = s.p - s.u
        s.p = s.p - s.lr * s.theta


def test_time_indices_and_primes_come_from_the_trace() -> None:
    """States are read at t-1 and written at t, what depends on no step has no index, values in between are primed."""
    trace = symopt.trace(Twice)
    written = {name: TEX.symbol(name, symbol) for name, symbol in trace_symbols(trace).items()}
    assert written == {
        "lr": r"\gamma",
        "step": r"\mathrm{step}",
        "t": "t",
        "p": r"\theta_{t-1}",
        "g": "g_t",
        "m": r"\mu_{\mathrm{max},t-1}",
        # The parameter is theta, so the state of that name is spelt out.
        "theta": r"\mathrm{theta}_{t-1}",
        "half": r"\mathrm{half}",
        "m_1": r"\mu_{\mathrm{max},t}'",
        "m_new": r"\mu_{\mathrm{max},t}",
        "u_1": "u_t'",
        "u": "u_t",
        "eta_t": r"\eta_t",
        "theta_new": r"\mathrm{theta}_t",
        "p_1": r"\theta_t'",
        "p_new": r"\theta_t",
    }
    assert (
        mathml.symbol_elements(trace_symbols(trace)["theta_new"])
        == "<msub><mi>theta</mi><mrow><mi>t</mi></mrow></msub>"
    )


def test_a_scheduled_hyper_parameter_has_the_index_of_its_step() -> None:
    trace = symopt.trace(symopt.resolve("sgd[lr=exponential]"))
    symbols = trace_symbols(trace)
    assert TEX.symbol("", symbols["lr"]) == r"\gamma"
    assert TEX.symbol("", symbols[trace.scheduled["lr"]]) == r"\gamma_t"


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (Fraction(0), "0"),
        (Fraction(12), "12"),
        (Fraction(9, 10), "0.9"),
        (Fraction(999, 1000), "0.999"),
        (Fraction(34445, 10000), "3.4445"),
        (Fraction(1, 10000), "0.0001"),
        (Fraction(1, 100000), "10^{-5}"),
        (Fraction(25, 10**9), r"2.5 \cdot 10^{-8}"),
        (Fraction(10**6), "1000000"),
        (Fraction(10**30), "10^{30}"),
        (Fraction(1, 3), r"\frac{1}{3}"),
        (Fraction(1, 1024), r"\frac{1}{1024}"),
        (Fraction(1234567), "1234567"),
        (Fraction(12345678, 10), r"\frac{6172839}{5}"),
    ],
)
def test_numbers_are_written_as_people_do_and_exactly(number: Fraction, written: str) -> None:
    assert TEX.number(number) == written
    numerals = numeral(number)
    exact = Fraction(numerals.digits) * Fraction(10) ** numerals.exponent if numerals.digits else None
    assert exact in (number, None)
    assert Fraction(numerals.numerator, numerals.denominator) == number
