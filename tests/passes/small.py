"""Small traces to transform."""

from __future__ import annotations

from symopt.ir.nodes import Node, num, ref
from symopt.ir.trace import HyperInfo, Let, Query, StateInfo, Trace
from symopt.lang.domain import NonNegative, UnitInterval


def trace_of(*lets: tuple[str, Node], results: dict[str, str] | None = None, point: Node | None = None) -> Trace:
    """A trace over p, g, a state m, hyper-parameters lr and beta."""
    return Trace(
        name="small",
        title="small",
        hypers=(
            HyperInfo("lr", num(1).value, "lr", NonNegative),
            HyperInfo("beta", num(0).value, "b", UnitInterval),
        ),
        states=(StateInfo("m", num(0), "m"),),
        queries=(Query("g", ref("p") if point is None else point),),
        lets=tuple(Let(name, value, name) for name, value in lets),
        results=results or {"p": "p_new", "m": "m_new"},
    )
