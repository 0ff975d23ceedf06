"""Rules for matrices that are built alike: settled without multiplying products of matrices out."""

from fractions import Fraction as F
from pathlib import Path

import pytest

from symopt.ir.nodes import ONE, Node, matop, num, op, reduce, ref
from symopt.ir.trace import PARAMETER, SIZE, STEP
from symopt.lang.domain import NonNegative, Positive
from symopt.prove.alike import BY_STRUCTURE
from symopt.prove.certificate import NoCertificateError, certificate
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.forms import Forms
from symopt.prove.needs import needs
from symopt.prove.normal import Normal
from tests.prove.rules import rule_of

CHAIN = """
mu = Hyper(0.9, "m", UnitInterval)
eps = Hyper(1e-7, "e", Positive)
{coefficients}
b = State()

def update(s):
    s.b = {momentum}
    s.x = wide(s.b / ({norm}))
    for _ in range(5):
        s.a = {gram}
        s.x = {step}
    s.p = s.p - s.lr * unwide(s.x)
"""
PLAIN = {
    "momentum": "s.mu * s.b + (1 - s.mu) * s.g", "norm": "norm(s.b) + s.eps", "gram": "matmul(s.x, transpose(s.x))",
    "step": "3.4 * s.x + matmul(2 * matmul(s.a, s.a) - 4.7 * s.a, s.x)", "coefficients": "",
}  # fmt: skip
OTHER = {
    "momentum": "s.b - (1 - s.mu) * (s.b - s.g)", "norm": "s.eps + norm(s.b)",
    "gram": "transpose(matmul(s.x, transpose(s.x)))",
    "step": "matmul(matmul(s.a, 2 * s.a), s.x) * 1 + s.x * 3.4 - 4.7 * matmul(s.a, s.x)",
}  # fmt: skip


def _body(**changes: str) -> str:
    return CHAIN.format(**{**PLAIN, **changes}).replace("    s.x = 3", "    s.x = 3")


@pytest.mark.parametrize("changed", [["momentum"], ["norm"], ["gram"], ["momentum", "norm", "gram"]])
def test_a_chain_of_products_with_its_operands_written_otherwise(tmp_path: Path, changed: list[str]) -> None:
    left = rule_of(tmp_path, "Plain", _body())
    right = rule_of(tmp_path, "Other", _body(**{name: OTHER[name] for name in changed}))
    verdict = compare(left, right)
    assert (verdict.verdict, verdict.conditions) == ("equal", ())
    assert verdict.method == (BY_STRUCTURE,)
    with pytest.raises(NoCertificateError, match="by structure"):
        certificate(left, right, verdict)


@pytest.mark.parametrize(
    "change",
    [{"momentum": "s.mu * s.b + (1 - s.mu) * s.g * 2"}, {"norm": "maximum(norm(s.b), s.eps)"},
     {"gram": "matmul(s.x, transpose(s.x)) * 2"},
     {"step": "3.4 * s.x + matmul(2 * matmul(s.a, s.a) - 4.6 * s.a, s.x)"}],
)  # fmt: skip
def test_one_changed_link_is_a_difference(tmp_path: Path, change: dict[str, str]) -> None:
    left, right = rule_of(tmp_path, "Plain", _body()), rule_of(tmp_path, "Other", _body(**change))
    assert compare(left, right).verdict == "different"


def test_coefficients_that_one_side_alone_has_are_what_they_are_by_default(tmp_path: Path) -> None:
    free = _body(
        coefficients="c = Hyper(3.4, 'c')\nd = Hyper(2, 'd')",
        step="s.c * s.x + matmul(s.d * matmul(s.a, s.a) - 4.7 * s.a, s.x)",
    )  # fmt: skip
    verdict = compare(rule_of(tmp_path, "Free", free), rule_of(tmp_path, "Plain", _body()))
    assert verdict.verdict == "equal-if"
    assert verdict.conditions == ("c = 17/5", "d = 2")
    assert verdict.witness is not None


def _forms() -> Forms:
    names = ("lr", "eps", STEP, SIZE, PARAMETER, "g")
    domains = {"lr": NonNegative, "eps": Positive}
    return Forms(Normal(("lr", "eps", STEP, SIZE)), names, domains, Deadline.never())


def _reciprocal(node: Node) -> Node:
    return op("div", ONE, node)


def test_needs_tell_where_an_expression_is_defined() -> None:
    g, eps, size = ref("g"), ref("eps"), reduce("sum", op("abs", ref("g")))
    # Known to be positive, or the same factors in another order: no difference.
    assert needs(_reciprocal(op("add", op("mul", g, g), eps)), _forms()) == set()
    twice = op("div", _reciprocal(g), size), _reciprocal(op("mul", size, g))
    assert needs(twice[0], _forms()) == needs(twice[1], _forms()) != set()
    # What is multiplied by 0 is undefined all the same, and what is not chosen is not.
    zero = op("mul", num(0), _reciprocal(g))
    assert _forms()(zero) is num(0)
    assert needs(zero, _forms()) != needs(num(0), _forms())
    guarded = op("where", op("eq", g, num(0)), num(0), _reciprocal(g))
    assert needs(guarded, _forms()) != needs(_reciprocal(g), _forms())
    assert needs(op("add", guarded, _reciprocal(g)), _forms()) == needs(_reciprocal(g), _forms())


def test_what_is_undefined_in_the_first_step_alone_is_a_need() -> None:
    before = op("sub", ref(STEP), ONE)
    assert needs(_reciprocal(ref(STEP)), _forms()) == set()
    assert needs(_reciprocal(before), _forms()) != set()


def test_the_mean_of_a_product_of_matrices_is_over_its_own_elements() -> None:
    gram = matop("matmul", ref("g"), matop("transpose", ref("g")))
    forms = _forms()
    assert forms(reduce("mean", gram)) is not forms(op("div", reduce("sum", gram), ref(SIZE)))
    assert forms(reduce("mean", ref("g"))) is forms(op("div", reduce("sum", ref("g")), ref(SIZE)))


def test_an_operand_is_recognised_by_proof() -> None:
    forms, g, p, lr = _forms(), ref("g"), ref("p"), ref("lr")
    product = op("mul", op("add", g, p), op("sub", g, p))
    expanded = op("sub", op("mul", g, g), op("mul", p, p))
    assert Normal(("lr",))(product) is not Normal(("lr",))(expanded)
    a, b = (matop("matmul", side, matop("transpose", g)) for side in (product, op("mul", lr, expanded)))
    assert forms(op("mul", a, lr)) is forms(b)
    assert forms(op("mul", a, num(F(1, 2)))) is not forms(b)
