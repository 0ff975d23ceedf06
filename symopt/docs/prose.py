"""Sentences with mathematics in them: the expressions of a verdict's text, typeset in place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from markupsafe import escape

from symopt.docs.reading import read
from symopt.ir.nodes import Node, Num, Ref, refs
from symopt.ir.trace import PARAMETER, STEP, HyperInfo, StateInfo, Trace
from symopt.printers import mathml, tex
from symopt.printers.naming import GIVEN_SYMBOLS, PARAMETER_SYMBOL, STEP_SYMBOL, declared_symbol
from symopt.printers.symbols import Symbol, from_name

# The most words that one expression in a sentence may span.
LONGEST = 40
PUNCTUATION = ".,:;"


@dataclass(frozen=True)
class Typesetter:
    """Typesets text over known names; ``markup`` sets an expression, ``plain`` escapes a word, ``space`` divides."""

    symbols: Mapping[str, Symbol]
    markup: Callable[[Node, Mapping[str, Symbol]], str]
    plain: Callable[[str], str]
    space: str = " "

    def expression(self, text: str) -> str:
        """An expression or relation; text that is neither stays text."""
        node = read(text)
        return self.plain(text) if node is None or not self._known(node) else self.markup(node, self.symbols)

    def sentence(self, text: str) -> str:
        """A sentence whose expressions over known names are typeset."""
        words = text.split()
        out = []
        at = 0
        while at < len(words):
            out_word, at = self._longest(words, at)
            out.append(out_word)
        return self.space.join(out)

    def _longest(self, words: list[str], start: int) -> tuple[str, int]:
        """The longest expression that starts at a word, or the word; and where it ends."""
        for end in range(min(len(words), start + LONGEST), start, -1):
            text = " ".join(words[start:end])
            body = text.rstrip(PUNCTUATION)
            node = read(body)
            if node is not None and self._known(node) and not isinstance(node, Num):
                return self.markup(node, self.symbols) + self.plain(text[len(body) :]), end
        return self.plain(words[start]), start + 1

    def _known(self, node: Node) -> bool:
        names = refs(node)
        # A one-letter article or word is no symbol by itself: "a state" is not about a.
        word = isinstance(node, Ref) and node.name in ("a", "A", "I")
        return not word and all(name in self.symbols for name in names)


def html_typesetter(symbols: Mapping[str, Symbol]) -> Typesetter:
    """Mathematics as MathML, everything else escaped."""
    return Typesetter(
        symbols, lambda node, symbols: mathml.math(mathml.expression(node, symbols)), lambda text: str(escape(text))
    )


def tex_typesetter(symbols: Mapping[str, Symbol]) -> Typesetter:
    """Mathematics as inline TeX within text mode, everything else escaped."""
    return Typesetter(symbols, lambda node, symbols: f"${tex.expression(node, symbols)}$", tex.escape_text)


def verdict_symbols(*traces: Trace, others: Mapping[str, Symbol] | None = None) -> dict[str, Symbol]:
    """The symbols of names as verdicts write them, without time indices.

    Earlier traces take precedence over later ones, all of them over ``others``, and every name over
    ``x_prev`` for the value of ``x`` at the step before.
    """
    symbols = {STEP: STEP_SYMBOL, PARAMETER: PARAMETER_SYMBOL, "theta": PARAMETER_SYMBOL}
    for trace in traces:
        declared: list[HyperInfo | StateInfo] = [*trace.hypers, *trace.states]
        for item in declared:
            symbols.setdefault(item.name, declared_symbol(item.name, item.tex))
        for query in trace.queries:
            symbols.setdefault(query.name, Symbol((query.name,)))
        for name in (*trace.given, *trace.draws):
            symbols.setdefault(name, GIVEN_SYMBOLS.get(name, from_name(name)))
        for let in trace.lets:
            symbols.setdefault(let.target, from_name(let.target))
    for name, symbol in (others or {}).items():
        symbols.setdefault(name, symbol)
    before = {f"{name}_prev": replace(symbol, index="t-1") for name, symbol in symbols.items()}
    return {**before, **symbols}
