"""Names that are replaced by expressions capture nothing."""

from symopt.ir.nodes import num, op, ref, substitute
from symopt.ir.trace import HyperInfo, Let, Query, StateInfo, Trace
from symopt.lang.domain import NonNegative
from symopt.passes.rename import without_names
from symopt.passes.specialise import rewrite


def _momentum(rate: str = "lr", state: str = "b", let: str = "d") -> Trace:
    """``p - rate*m``, where the buffer and the statement of its step may have any names."""
    hypers = tuple(HyperInfo(name, num(1).value, name, NonNegative) for name in (rate, "mu"))
    lets = (
        Let(let, op("add", op("mul", ref("mu"), ref(state)), ref("g")), let),
        Let("p_1", op("sub", ref("p"), op("mul", ref(rate), ref(let))), "p"),
    )
    return Trace(
        "momentum", "momentum", hypers, (StateInfo(state, num(0), state),), (Query("g", ref("p")),), lets,
        {"p": "p_1", state: let},
    )  # fmt: skip


def test_what_an_expression_reads_is_not_captured_by_states_and_statements() -> None:
    # The value reads hyper-parameters b and d of another rule, and this rule has a state and a statement so called.
    mapped = rewrite(_momentum(), {"lr": op("mul", ref("b"), ref("d"))})
    expected = _momentum(state="buffer", let="direction")
    states = {mapped.states[0].name: ref("buffer")}
    (own,) = substitute([mapped.step()["p"]], states)
    (other,) = substitute([expected.step()["p"]], {"lr": op("mul", ref("b"), ref("d"))})
    assert own is other


def test_only_what_clashes_is_renamed() -> None:
    rule = _momentum()
    assert without_names(rule, ["x", "lr"]) is rule
    renamed = without_names(rule, ["b"])
    assert [state.name for state in renamed.states] == ["b_1"]
    assert renamed.results == {"p": "p_1", "b_1": "d"}
