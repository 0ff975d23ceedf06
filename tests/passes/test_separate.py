"""Reductions and operations on matrices stand alone, once each, and products read transposes of names."""

from __future__ import annotations

from small import trace_of

from symopt.ir.nodes import MatOp, Node, Reduce, matop, op, reduce, ref, substitute, walk
from symopt.ir.text import node_text
from symopt.ir.trace import Trace
from symopt.passes.separate import separate

G, P, M = ref("g"), ref("p"), ref("m")
GRAM = matop("matmul", G, matop("transpose", G))


def separated(*lets: tuple[str, Node], point: Node | None = None) -> Trace:
    return separate(trace_of(*lets, ("m_new", M), ("p_new", P), point=point))


def texts(found: Trace) -> list[str]:
    """The statements but for the new values, with the new names as c1, c2, ..."""
    kept = {"x", "y", "m_new", "p_new"}
    short = {name: ref(f"c{i}") for i, name in enumerate((n for n in names(found) if n not in kept), start=1)}
    values = substitute([let.value for let in found.lets], short)
    lines = {let.name: node_text(value) for let, value in zip(found.lets, values, strict=True)}
    return [f"{short[n].name if n in short else n} = {t}" for n, t in lines.items() if n not in ("m_new", "p_new")]


def names(found: Trace) -> list[str]:
    return [let.name for let in found.lets]


def test_a_reduction_keeps_the_expression_that_it_is_taken_over() -> None:
    total = reduce("sum", op("mul", op("add", G, P), G))
    assert texts(separated(("x", op("div", G, op("sqrt", total))))) == [
        "c1 = (sum (mul (add g p) g))", "x = (div g (sqrt c1))",
    ]  # fmt: skip


def test_what_stands_alone_already_keeps_its_name() -> None:
    mean = reduce("mean", G)
    assert texts(separated(("x", mean), ("y", op("add", mean, G)))) == ["x = (mean g)", "y = (add x g)"]


def test_equal_reductions_are_one() -> None:
    total = reduce("sum", G)
    assert texts(separated(("x", op("add", total, G)), ("y", op("mul", total, total)))) == [
        "c1 = (sum g)", "x = (add c1 g)", "y = (mul c1 c1)",
    ]  # fmt: skip


def test_a_reduction_inside_a_reduction_comes_first() -> None:
    inner = reduce("amax", op("sub", G, op("mul", reduce("mean", G), P)))
    assert texts(separated(("x", op("neg", inner)))) == [
        "c1 = (mean g)", "c2 = (amax (sub g (mul c1 p)))", "x = (neg c2)",
    ]  # fmt: skip


def test_an_operation_on_matrices_reads_names_only() -> None:
    square = matop("matmul", op("add", GRAM, GRAM), GRAM)
    assert texts(separated(("x", matop("matmul", square, op("neg", G))))) == [
        "c1 = (matmul g (transpose g))", "c2 = (add c1 c1)", "c3 = (matmul c2 c1)",
        "c4 = (neg g)", "x = (matmul c3 c4)",
    ]  # fmt: skip


def test_a_product_reads_the_transpose_of_a_name_which_is_never_made() -> None:
    found = separated(("y", matop("transpose", op("add", G, P))), ("x", matop("matmul", ref("y"), G)))
    assert texts(found)[-1] == "x = (matmul (transpose c1) g)"
    assert texts(separated(("x", GRAM))) == ["x = (matmul g (transpose g))"]


def test_a_transpose_that_something_else_reads_is_made() -> None:
    found = texts(separated(("x", op("add", matop("transpose", G), matop("transpose", P)))))
    assert found == ["c1 = (transpose g)", "c2 = (transpose p)", "x = (add c1 c2)"]


def test_a_root_reads_its_damping_and_order() -> None:
    found = texts(separated(("x", matop("inverse_root", GRAM, op("mul", ref("lr"), ref("beta")), op("add", P, P)))))
    assert found[0] == "c1 = (matmul g (transpose g))"
    assert found[-1] == "x = (inverse_root c1 c2 c3)"


def test_a_point_is_separated_too() -> None:
    found = separated(point=op("add", P, op("mul", reduce("sum", P), M)))
    assert [node_text(query.point) for query in found.queries] == [f"(add p (mul {names(found)[-1]} m))"]
    assert texts(found) == ["c1 = (sum p)"]


def test_rules_without_reductions_are_left_alone() -> None:
    trace = trace_of(("m_new", op("neg", M)), ("p_new", op("sub", P, G)))
    assert separate(trace) is trace


def test_after_it_every_reduction_and_operation_stands_alone() -> None:
    deep: Node = G
    for _ in range(4):
        deep = matop("matmul", matop("matmul", deep, matop("transpose", op("mul", deep, reduce("sum", deep)))), deep)
    found = separated(("x", op("sub", P, deep)))
    for let in found.lets:
        inner = list(walk([let.value]))[:-1]
        assert all(isinstance(n, MatOp) and n.op == "transpose" for n in inner if isinstance(n, Reduce | MatOp))
