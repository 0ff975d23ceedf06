"""Reads the TeX of one declared symbol, as in ``\\beta_1`` or ``v^{\\max}``.

Only symbols are read: letters, Greek, numbers, accents, upright words, subscripts and superscripts.
Anything else is refused, so what a user's file declares cannot carry markup into a document.
"""

from __future__ import annotations

import re

from symopt.printers.symbols import ACCENTS, GREEK, Symbol

TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\_|[0-9]+|[A-Za-z]|[_^{},'+*-])")
ACCENT_NAMES = {name: name for name in ACCENTS} | {"widehat": "hat", "overline": "bar", "widetilde": "tilde"}
UPRIGHT = frozenset({"mathrm", "text", "operatorname", "mathit", "mathsf"})
STARS = frozenset({"ast", "star"})
WORDS = frozenset({"max", "min", "sup", "inf", "lim", "log", "exp"})


class _NoSymbolError(Exception):
    """The text is more than one symbol, or none."""


def read_symbol(tex: str) -> Symbol | None:
    """The symbol that ``tex`` denotes, or None where it is not a plain symbol."""
    try:
        return _Reader(tex).symbol()
    except _NoSymbolError:
        return None


class _Reader:
    def __init__(self, tex: str) -> None:
        self.tokens: list[str] = []
        at, text = 0, tex.rstrip()
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                raise _NoSymbolError
            self.tokens.append(match[1])
            at = match.end()
        self.at = 0

    def symbol(self) -> Symbol:
        """base, then any order of scripts and primes."""
        accents: list[str] = []
        base = self._base(accents)
        sub: tuple[str, ...] = ()
        sup: tuple[str, ...] = ()
        primes = 0
        while self.at < len(self.tokens):
            match self._next():
                case "_" if not sub:
                    sub = self._group()
                case "^" if not sup:
                    sup = self._group()
                case "'":
                    primes += 1
                case _:
                    raise _NoSymbolError
        return Symbol(base, tuple(accents), sub, sup, primes)

    def _base(self, accents: list[str]) -> tuple[str, ...]:
        atoms: list[str] = []
        while self.at < len(self.tokens) and self.tokens[self.at] not in ("_", "^", "'"):
            accent = ACCENT_NAMES.get(self.tokens[self.at].removeprefix("\\"))
            if accent is not None and self.tokens[self.at].startswith("\\") and not atoms:
                self._next()
                accents.append(accent)
                atoms += self._group()
            else:
                atoms.append(self._atom())
        if not atoms:
            raise _NoSymbolError
        return tuple(atoms)

    def _group(self) -> tuple[str, ...]:
        """One atom, or several in braces; commas only separate."""
        if self._peek() != "{":
            return (self._atom(),)
        self._next()
        atoms: list[str] = []
        while self._peek() != "}":
            if self._peek() == ",":
                self._next()
            else:
                atoms.append(self._atom())
        self._next()
        return tuple(atoms)

    def _atom(self) -> str:
        token = self._next()
        if token.startswith("\\"):
            name = token[1:]
            if name in UPRIGHT:
                return self._word()
            if name in GREEK or name in WORDS:
                return name
            if name in STARS:
                return "*"
        elif token.isalnum() or token in "+*-":
            return token
        raise _NoSymbolError

    def _word(self) -> str:
        if self._next() != "{":
            raise _NoSymbolError
        letters: list[str] = []
        while (token := self._next()) != "}":
            letters.append("_" if token == "\\_" else token)
            if token != "\\_" and not token.isalnum():
                raise _NoSymbolError
        return "".join(letters)

    def _peek(self) -> str:
        if self.at >= len(self.tokens):
            raise _NoSymbolError
        return self.tokens[self.at]

    def _next(self) -> str:
        token = self._peek()
        self.at += 1
        return token
