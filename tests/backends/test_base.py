"""Variants have names of their own, headers say what a file is, and text stays in its comment."""

from __future__ import annotations

import pytest

from symopt import catalogue
from symopt.backends.base import in_comment, provenance, render_variants, variants_of
from symopt.backends.registry import backend, backend_names
from symopt.errors import UsageError
from symopt.lang import Hyper, NonNegative, Option, Rule


class Awkward(Rule):
    """Options whose choices are no identifiers, and that are called like two others together."""

    source = "nowhere"
    lr = Hyper(0.1, domain=NonNegative)
    a, b = Option(False), Option(False)
    a_b = Option(False)
    kind = Option("l-1", choices=("l-1", "L 2", "+"))
    power = Option(0, choices=(0, -1))

    def update(s) -> None:
        s.p = s.p - s.lr * s.g


def test_every_variant_has_a_name_of_its_own() -> None:
    variants = variants_of(Awkward)
    suffixes = [variant.suffix for variant in variants]
    assert len(variants) == 2 * 2 * 2 * 3 * 2
    assert len(set(suffixes)) == len(suffixes)
    assert suffixes[0] == ""
    assert all(f"step_{suffix}".isidentifier() and f"step_{suffix}".isascii() for suffix in suffixes)


@pytest.mark.parametrize("name", ["numpy", "torch"])
def test_the_modules_of_such_a_rule_compile(name: str) -> None:
    for text in render_variants(backend(name), variants_of(Awkward)).values():
        compile(text, "awkward.py", "exec")


def test_a_header_names_every_variant_and_the_way_to_make_it_again() -> None:
    variants = variants_of(catalogue.rule("adamw"))
    lines = provenance(backend("c"), variants)
    assert lines[0].startswith("adamw: ")
    assert [line.split(":")[0] for line in lines if line.startswith("Trace")] == [
        "Trace of adamw",
        "Trace of adamw[amsgrad=True]",
    ]
    assert "Regenerate: symopt generate adamw --backend c" in lines
    assert any("0BSD" in line for line in lines)


@pytest.mark.parametrize(
    "text", ["a */ b", "*/*/ /*", "**//", "line\nbreak\r\x0b\u2028", "end\\", "end ??/", "\x00 */"]
)
def test_text_ends_no_comment(text: str) -> None:
    line = in_comment(text)
    assert "*/" not in line
    assert "/*" not in line
    assert "??/" not in line
    assert not line.endswith("\\")
    assert len(line.splitlines()) == 1
    assert line.isprintable()


def test_backends_by_name() -> None:
    assert backend_names() == ["numpy", "torch", "c"]
    assert [backend(name).name for name in backend_names()] == backend_names()
    with pytest.raises(UsageError, match="no backend is called 'nunpy'; did you mean numpy"):
        backend("nunpy")
