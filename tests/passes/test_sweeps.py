"""What sweeps compute again, keep and store: whichever moves the least memory, and never a value that is gone."""

from __future__ import annotations

from shown import shown, step_of

from symopt.ir.nodes import Node, op, reduce, ref
from symopt.ir.program import Partial
from symopt.ir.shape import ELEMENT
from symopt.lang import Hyper, Rule, State, ema, norm, sqrt, where
from symopt.passes.sweeps import Demand, plan_sweeps


class Lamb(Rule):
    """The shape of LAMB: an update from two averages, scaled by the ratio of two norms."""

    lr, beta1, beta2, eps, decay = Hyper(0.1), Hyper(0.9), Hyper(0.99), Hyper(1e-6), Hyper(0.01)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta1)
        s.v = ema(s.v, s.g**2, s.beta2)
        s.u = s.m / (1 - s.beta1**s.t) / (sqrt(s.v / (1 - s.beta2**s.t)) + s.eps) + s.decay * s.p
        s.ratio = where(norm(s.u) > 0, norm(s.p) / norm(s.u), 1)
        s.p = s.p - s.lr * s.ratio * s.u


def test_lamb_is_two_sweeps_and_computes_its_update_again() -> None:
    """Keeping u would write and read an array to save reading one: m, v and p are read anyway or as cheap."""
    phase = step_of(Lamb)
    assert phase.buffers == ()
    first, second = (line for line in shown(phase) if line.startswith("sweep"))
    assert first == "sweep rows x cols | m_new v_new u | (sum (mul u u)) (sum (mul p p)) | m:=m_new v:=v_new"
    assert second == "sweep rows x cols | <m_new <v_new u p_new | p:=p_new"


class Expensive(Rule):
    """What the second sweep needs comes from five arrays: one buffer is read and written with less."""

    a, b, c, d = State("p"), State("p"), State("p"), State("p")

    def update(s) -> None:
        s.u = s.a * s.b + s.c * s.d * s.g
        s.p = s.p - s.u / norm(s.u)
        s.a, s.b, s.c, s.d = s.a + 1, s.b + 1, s.c + 1, s.d + 1


def test_a_value_from_many_arrays_is_kept_in_a_buffer() -> None:
    phase = step_of(Expensive)
    (buffer,) = phase.buffers
    first, second = phase.sweeps
    assert [store.array for store in first.stores if store.value == "u"] == [buffer.name]
    assert {let.name: let.value for let in second.body}["u"] is ref(buffer.name)
    assert not {"a", "b", "c", "d", "g"} & {*second.reads}


class Cheap(Rule):
    """The same with two arrays: computing again reads as much as a buffer, and writes nothing."""

    a = State("p")

    def update(s) -> None:
        s.u = s.a * s.g
        s.p = s.p - s.u / norm(s.u)
        s.a = s.a / 2


def test_a_value_from_few_arrays_is_computed_again() -> None:
    phase = step_of(Cheap)
    assert phase.buffers == ()
    assert ["u" in {let.name for let in sweep.body} for sweep in phase.sweeps] == [True, True]
    # The second sweep needs the old value of a, so the new one is stored there.
    assert [[store.array for store in sweep.stores] for sweep in phase.sweeps] == [[], ["p", "a"]]


class Late(Rule):
    """The last sweep reads the old momentum, whose new value the first one has computed already."""

    m = State()

    def update(s) -> None:
        s.old = s.m
        s.m = s.m + s.g
        s.p = s.p - s.old**2 * norm(s.m) + s.m


def test_a_new_value_is_stored_after_the_last_reader_of_the_old_one() -> None:
    assert [line for line in shown(step_of(Late)) if line.startswith("sweep")] == [
        "sweep rows x cols | m_new | (sum (mul m_new m_new))",
        "sweep rows x cols | <old m_new p_new | p:=p_new m:=m_new",
    ]


class Condition(Rule):
    """A truth value of every element crosses from sweep to sweep; buffers hold numbers only."""

    a, b, c, d = State("p"), State("p"), State("p"), State("p")

    def update(s) -> None:
        s.big = s.a * s.b * s.c * s.d * s.g > 1
        s.u = where(s.big, s.g, 0)
        s.p = s.p - where(s.big, norm(s.u), 1)
        s.a, s.b, s.c, s.d = s.a + 1, s.b + 1, s.c + 1, s.d + 1


def test_a_condition_is_never_kept() -> None:
    phase = step_of(Condition)
    stored = {store.value for sweep in phase.sweeps for store in sweep.stores}
    assert "big" not in stored
    assert ["big" in {let.name for let in sweep.body} for sweep in phase.sweeps] == [True, True]


class Swapped(Rule):
    """Two states change places, and nothing of it may depend on which is stored first."""

    a, b = State("p"), State()

    def update(s) -> None:
        s.old = s.a
        s.a = s.b
        s.b = s.old
        s.p = s.p - s.g


def test_states_that_change_places_are_stored_by_one_sweep() -> None:
    (sweep,) = step_of(Swapped).sweeps
    assert {store.array: store.value for store in sweep.stores} == {"p": "p_new", "a": "a_new", "b": "b_new"}


def demand(lets: dict[str, Node], **changes: object) -> Demand:
    """Sweeps over x and y, where the square of z is reduced before its reciprocal is known."""
    depths = dict.fromkeys(lets, 0) | {"new": 1, "n": 1}
    partial = Partial("n", reduce("sum", op("mul", ref("z"), ref("z"))))
    known = frozenset({"x", "y"})
    return Demand(
        ELEMENT,
        lets,
        depths,
        ["x", "y"],
        list(lets),
        {"x": "new"},
        {0: [partial]},
        memory=known,
        **changes,  # type: ignore[arg-type]
    )


Z = {"z": op("add", ref("x"), ref("y"))}
NEW = {"new": op("mul", ref("z"), ref("n"))}


def test_the_cost_counts_what_is_read_and_twice_what_is_written() -> None:
    plan = plan_sweeps(demand(Z | NEW), "kept_")
    # Two reads, then one more read of y and the array x, which is read and written.
    assert plan.cost == (2 + 1 + 2, 0, 3)
    assert plan.kept == ()


def test_what_others_read_from_memory_is_stored_when_it_is_known() -> None:
    plan = plan_sweeps(demand(Z | NEW, materialised={"z": 0}), "kept_")
    assert plan.places["z"] == "kept_z"
    assert [store.array for store in plan.sweeps[0].stores] == ["kept_z"]
    # Once it is there it is read, not computed again.
    assert {let.name: let.value for let in plan.sweeps[1].body}["z"] is ref("kept_z")


def test_a_value_that_is_a_new_value_is_read_from_its_array() -> None:
    plan = plan_sweeps(demand(Z | NEW, materialised={"new": 1}), "kept_")
    assert plan.places["new"] == "x"
