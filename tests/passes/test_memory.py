"""Buffers share memory only where their lives do not meet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shown import step_of

from symopt.errors import UnsupportedError
from symopt.ir.nodes import matop, op, ref
from symopt.ir.program import Buffer, Product, Segment, Stage, Store, Sweep
from symopt.ir.shape import ELEMENT, PER_ROW, Shape
from symopt.ir.trace import Let
from symopt.lang import Rule, matmul, norm, transpose, unwide, wide
from symopt.passes.memory import assign_slots, touched


def product(name: str, *reads: str) -> Product:
    return Product(name, matop("matmul", *map(ref, reads)))


def sweep(stores: dict[str, str], *reads: str) -> Sweep:
    body = tuple(Let(f"of_{name}", op("neg", ref(name)), f"of_{name}") for name in reads)
    return Sweep(ELEMENT, body, tuple(Store(array, f"of_{value}") for array, value in stores.items()))


def slots(stages: list[Stage], *names: str, shapes: dict[str, Shape] | None = None) -> dict[str, int]:
    buffers = [Buffer(name, (shapes or {}).get(name, ELEMENT)) for name in names]
    return {buffer.name: buffer.slot for buffer in assign_slots([Segment((), tuple(stages))], buffers)}


def test_a_slot_is_free_after_its_last_reader() -> None:
    chain: list[Stage] = [
        product("a", "g", "g"),
        product("b", "a", "g"),
        product("c", "b", "g"),
        product("d", "c", "g"),
    ]
    assert slots(chain, "a", "b", "c", "d") == {"a": 0, "b": 1, "c": 0, "d": 1}


def test_what_a_stage_reads_and_what_it_writes_never_share() -> None:
    assert slots([product("a", "g", "g"), product("b", "a", "a")], "a", "b") == {"a": 0, "b": 1}
    assert slots([product("a", "g", "g"), sweep({"kept": "a", "p": "g"}, "a", "g")], "a", "kept") == {"a": 0, "kept": 1}


def test_a_buffer_that_is_read_late_keeps_its_slot() -> None:
    stages: list[Stage] = [
        product("a", "g", "g"),
        product("b", "g", "g"),
        product("c", "b", "a"),
        product("d", "c", "a"),
    ]
    found = slots(stages, "a", "b", "c", "d")
    assert found["a"] not in {found["b"], found["c"], found["d"]}
    assert found["d"] == found["b"]


def test_only_buffers_of_one_shape_share() -> None:
    chain: list[Stage] = [product("a", "g", "g"), product("b", "a", "g"), product("c", "b", "g")]
    assert slots(chain, "a", "b", "c", shapes={"c": PER_ROW}) == {"a": 0, "b": 1, "c": 2}


def test_a_buffer_that_nothing_touches_has_no_slot() -> None:
    assert slots([product("a", "g", "g")], "a", "unused") == {"a": 0}


def test_a_buffer_across_a_look_at_the_model_is_refused() -> None:
    segments = [Segment((), (product("a", "g", "g"),)), Segment((), (product("b", "a", "g"),))]
    with pytest.raises(UnsupportedError, match="a buffer of every tensor, a, would be kept while"):
        assign_slots(segments, [Buffer("a", ELEMENT), Buffer("b", ELEMENT)])


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=12))
def test_lives_that_meet_have_slots_of_their_own(reads: list[list[int]]) -> None:
    """Stage i writes buffer i and reads some of those before it."""
    stages: list[Stage] = [
        sweep({f"b{i}": "g"}, "g", *(f"b{j}" for j in dict.fromkeys(read) if j < i)) for i, read in enumerate(reads)
    ]
    names = [f"b{i}" for i in range(len(reads))]
    found = slots(stages, *names)
    uses = {name: [time for time, stage in enumerate(stages) if name in touched(stage)] for name in names}
    for one in names:
        for other in names:
            if one != other and found[one] == found[other]:
                assert max(uses[one]) < min(uses[other]) or max(uses[other]) < min(uses[one])


class NewtonSchulz(Rule):
    """Five products one after the other need no more memory than two."""

    def update(s) -> None:
        s.x = wide(s.g / norm(s.g))
        for _ in range(5):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 2 * s.x + matmul(3 * s.a + 4 * matmul(s.a, s.a), s.x)
        s.p = s.p - unwide(s.x)


def test_the_memory_of_an_iteration_does_not_grow_with_its_length() -> None:
    buffers = step_of(NewtonSchulz).buffers
    assert len(buffers) > 25
    slots_of = {
        shape: {b.slot for b in buffers if str(b.shape) == shape} for shape in ("short x long", "short x short")
    }
    assert {shape: len(slots) for shape, slots in slots_of.items()} == {"short x long": 3, "short x short": 3}
