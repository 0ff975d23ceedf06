"""Both updates side by side, with a mark at the statements that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from symopt.ir.trace import PARAMETER, Trace
from symopt.printers.text import named_statements
from symopt.prove.cause.statements import Marked, differing_statements
from symopt.prove.pair import make_pair
from symopt.targets.compare import Answer

MARK, GUTTER = "*", " | "
# Of a longer step only the statements that differ are shown; of a longer statement its beginning.
MOST_STATEMENTS, LONGEST = 16, 240
DOTS = "..."


@dataclass(frozen=True)
class Line:
    """A statement: what it assigns in names of both sides, how it reads, whether it differs, where it stands."""

    key: tuple[str, str]
    text: str
    is_marked: bool
    place: str = ""

    @property
    def shown(self) -> str:
        """As it is printed."""
        text = self.text if len(self.text) <= LONGEST else self.text[: LONGEST - len(DOTS)] + DOTS
        return text + (f"  ({self.place})" if self.place and self.is_marked else "")


def side_by_side(answer: Answer, width: int) -> list[str]:
    """The statements of both sides in two columns, or one after the other where two do not fit into ``width``.

    A side of many statements shows those that differ alone. Nothing where no traces were compared.
    """
    if answer.compared is None:
        return []
    traces, right = answer.compared.traces, answer.compared.shown.trace
    left, own = traces.left, traces.right
    marked = differing_statements(make_pair(left, right))
    # The right in its own names: its statements are those of the renamed one, in the same order.
    names = {new.name: let.name for new, let in zip(right.lets, own.lets, strict=True)}
    names |= {new.name: query.name for new, query in zip(right.queries, own.queries, strict=True)}
    names |= {new.name: state.name for new, state in zip(right.states, own.states, strict=True)}
    on_right = Marked(
        marked.left, frozenset(names[name] for name in marked.right),
        {names[state]: partner for state, partner in marked.partners.items()},
    )  # fmt: skip
    columns = lines(left, on_right.left, {}, "left"), lines(own, on_right.right, on_right.partners, "right")
    return laid_out((answer.left.title, answer.right.title), columns, width)


def lines(trace: Trace, marked: frozenset[str], partners: Mapping[str, str], side: str) -> list[Line]:
    """The statements of one side; states are called as on the left, so that the two can be aligned."""
    targets = {
        let: partners.get(state, state if state == PARAMETER or side == "left" else "")
        for state, let in trace.results.items()
    }
    places = {let.name: _short(let.place) for let in trace.lets}
    found = []
    for name, text in named_statements(trace):
        target = targets.get(name, "")
        is_gradient = any(query.name == name for query in trace.queries)
        key = ("gradient", "") if is_gradient else ("new", target) if target else (side, name)
        found.append(Line(key, text, name in marked, places.get(name, "")))
    return found


def _short(place: str) -> str:
    """A place without its folders."""
    return Path(place).name if place else ""


def laid_out(titles: Sequence[str], columns: Sequence[Sequence[Line]], width: int) -> list[str]:
    """Two columns beside each other, or below each other where they do not fit."""
    if max(map(len, columns)) > MOST_STATEMENTS:
        columns = [[line for line in column if line.is_marked] for column in columns]
    rows = list(aligned(*columns))
    if not rows:
        return []
    first = max(len(text) for text in [titles[0], *(line.shown for line in columns[0])])
    second = max(len(text) for text in [titles[1], *(line.shown for line in columns[1])])
    if len(MARK) + 1 + first + len(GUTTER) + second > width:
        return [
            text for title, column in zip(titles, columns, strict=True)
            for text in (title, *(f"{MARK if line.is_marked else ' '} {line.shown}" for line in column))
        ]  # fmt: skip
    texts = [f"  {titles[0]:<{first}}{GUTTER}{titles[1]}"]
    for left, right in rows:
        mark = MARK if any(line is not None and line.is_marked for line in (left, right)) else " "
        shown = [line.shown if line is not None else "" for line in (left, right)]
        texts.append(f"{mark} {shown[0]:<{first}}{GUTTER}{shown[1]}".rstrip())
    return texts


def aligned(left: Sequence[Line], right: Sequence[Line]) -> Iterator[tuple[Line | None, Line | None]]:
    """Rows: what is computed on both sides stands beside each other."""
    keys = [line.key for line in left], [line.key for line in right]
    for _, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        ours, theirs = left[a:b], right[c:d]
        for i in range(max(len(ours), len(theirs))):
            yield (ours[i] if i < len(ours) else None), (theirs[i] if i < len(theirs) else None)
