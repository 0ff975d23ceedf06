from fractions import Fraction

import numpy as np
import pytest
from float_runs import run

from symopt.catalogue import resolve, rule_names
from symopt.errors import UsageError
from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.lang import Hyper, NonNegative, Rule, maximum
from symopt.lang.theorem import Equivariance, Scaling, Shift
from symopt.passes.tracing import trace
from symopt.prove.settlement import Settlement
from symopt.prove.structure.equivariance import settle_equivariance, settle_shift
from symopt.prove.structure.scaling import settle_scaling

GRADS = [np.array([0.7, -1.3, 0.4]), np.array([-0.2, 0.5, 2.1]), np.array([1.1, 0.3, -0.6])]
THETA = np.array([0.9, -0.4, 1.7])


def scaling(rule: str, each: bool = False, **by: str) -> Settlement:
    return settle_scaling(Scaling(rule, by=by, each=each), trace(resolve(rule)), 10)


def plain_rules() -> list[str]:
    """Rules of elements that are given gradients alone."""
    plain = []
    for name in rule_names():
        rule = trace(resolve(name))
        nodes = list(walk(let.value for let in rule.lets))
        has_axes = any(isinstance(n, MatOp) or (isinstance(n, Reduce) and n.axis is not None) for n in nodes)
        if not rule.given and not rule.draws and not has_axes:
            plain.append(name)
    return plain


@pytest.mark.parametrize(
    ("rule", "by", "verdict"),
    [
        ("adam", {"g": "c", "eps": "c"}, "holds"),
        ("adam", {"g": "c"}, "fails"),
        ("adam", {"g": "c", "eps": "c**2"}, "fails"),
        ("adam", {"g": "-c", "eps": "c", "p": "-1"}, "holds"),
        ("adabelief_optax", {"g": "c", "eps": "c", "eps_root": "c**2"}, "holds"),
        ("adabelief_optax", {"g": "c", "eps": "c", "eps_root": "c"}, "fails"),
        ("lion", {"g": "c"}, "holds"),
        ("lion", {"g": "-c", "p": "-1"}, "holds"),
        ("signsgd", {"g": "-1", "p": "-1"}, "holds"),
        ("sgd", {"p": "c", "lr": "c"}, "holds"),
        ("sgd", {"p": "c", "lr": "sqrt(c)", "g": "sqrt(c)"}, "holds"),
        ("madgrad", {"g": "c", "lr": "1/sqrt(c)", "eps": "sqrt(c)"}, "holds"),
        ("madgrad", {"g": "c", "lr": "1/c"}, "fails"),
    ],
)
def test_factors(rule: str, by: dict[str, str], verdict: str) -> None:
    settled = scaling(rule, **by)
    assert settled.verdict == verdict, settled
    assert settled.check.passed


def test_factors_of_states_are_found() -> None:
    assert scaling("adam", g="c", eps="c").found == "m is multiplied by c, v is multiplied by c**2"
    # A state that is called like the factor is another thing.
    assert "c is multiplied by c**2" in scaling("adafactor", g="c", eps1="c**2").found


@pytest.mark.parametrize("name", plain_rules())
def test_verdicts_agree_with_runs_in_floats(name: str) -> None:
    """What holds is seen in floats; what fails is seen at the counterexample."""
    rule = trace(resolve(name))
    hypers = {hyper.name: float(hyper.default) for hyper in rule.hypers}
    for factors in ({"g": "c"}, {"g": "c", "p": "c"}, {"g": "-1", "p": "-1"}):
        settled = settle_scaling(Scaling(name, by=factors), rule, 10)
        c, own = (-1.0, -1.0) if "-1" in factors.values() else (4.0, 4.0 if "p" in factors else 1.0)
        if settled.verdict == "holds":
            a, b = (run(rule, hypers, THETA * s, [g * f for g in GRADS])["p"] for s, f in ((1, 1), (own, c)))
            np.testing.assert_allclose(b, own * a, rtol=1e-9, atol=1e-12)
        elif settled.verdict == "fails":
            said = settled.counterexample
            own = float(Fraction(str(said["c"]))) if own > 1 else own
            c = c if c < 0 else float(Fraction(str(said["c"])))
            point = {n: float(Fraction(x)) for n, x in said["hyper"].items()}
            theta = np.array(said["theta"], dtype=object).astype(float)
            grads = [np.array(answers[0], dtype=object).astype(float) for answers in said["grads"]]
            if len(rule.queries) == 1:
                a, b = (run(rule, point, theta * s, [g * f for g in grads])["p"] for s, f in ((1, 1), (own, c)))
                assert not np.allclose(b, own * a, rtol=1e-12, atol=0)
        else:
            assert settled.reason


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ({"h": "c"}, "has no input 'h' to multiply"),
        ({"g": "c + 1"}, "is no power of c"),
        ({"g": "2*c"}, "is no power of c"),
        ({"beta1": "c"}, "beta1 of .* multiplied by c leaves 0 <= beta1 < 1"),
        ({"eps": "-1"}, "leaves 0 < eps"),
        ({"g": "d"}, "is called 'd'"),
    ],
)
def test_factors_that_are_none_are_refused(by: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        scaling("adam", **by)


def test_a_number_has_no_factor_for_every_element() -> None:
    with pytest.raises(UsageError, match=r"eps of .* leaves"):
        scaling("adam", each=True, g="c", eps="c")
    for rule in ("lamb", "lars[weight_decay=0]"):  # a norm does not follow factors of the elements
        assert scaling(rule, each=True, g="c").verdict == "fails"
    assert scaling("lars[weight_decay=0]", g="c").verdict == "holds"


class OneSided(Rule):
    """Follows positive gradients only."""

    source = "none"
    lr = Hyper(1, "a", NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * maximum(s.g, 0)


class Multiplicative(Rule):
    """Multiplies the parameter by what the gradient says, element by element."""

    source = "none"
    lr = Hyper(1, "a", NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.p * s.g


def test_a_maximum_does_not_change_its_sign() -> None:
    rule = trace(OneSided)
    assert settle_scaling(Scaling("", {"g": "c", "p": "c"}), rule, 10).verdict == "holds"
    assert settle_scaling(Scaling("", {"g": "-1", "p": "-1"}), rule, 10).verdict == "fails"
    assert settle_equivariance(Equivariance("", "signs"), rule, 10).verdict == "fails"


def test_a_product_of_elements_does_not_turn() -> None:
    rule = trace(Multiplicative)
    assert settle_equivariance(Equivariance("", "rotations"), rule, 10).verdict == "fails"
    assert settle_equivariance(Equivariance("", "permutations"), rule, 10).verdict == "holds"


@pytest.mark.parametrize(
    ("rule", "under", "verdict"),
    [
        ("adam", "permutations", "holds"),
        ("adafactor", "permutations", "fails"),
        ("adafactor", "permutations of rows", "holds"),
        ("muon", "permutations", "fails"),
        ("muon", "rotations", "holds"),
        ("muon[nesterov=False,match_rms=True]", "rotations", "holds"),
        ("adam", "rotations", "fails"),
        ("lamb", "rotations", "fails"),
        ("lars", "rotations", "holds"),
        ("shampoo", "rotations", "holds"),
        ("soap", "permutations of rows", "unknown"),
        ("adagrad", "signs", "holds"),
        ("lars", "signs", "holds"),
        ("shampoo", "signs", "fails"),
    ],
)
def test_equivariance(rule: str, under: str, verdict: str) -> None:
    settled = settle_equivariance(Equivariance(rule, under), trace(resolve(rule)), 10)
    assert settled.verdict == verdict, settled
    assert settled.check.passed is (verdict != "unknown")


def test_rotations_in_floats() -> None:
    """Muon beside Muon in turned coordinates, by NumPy alone."""
    generator = np.random.default_rng(1)
    left, right = (np.linalg.qr(generator.normal(size=(n, n)))[0] for n in (3, 2))
    theta, grads = generator.normal(size=(3, 2)), [generator.normal(size=(3, 2)) for _ in range(3)]
    for name, is_same in (("muon", True), ("lars", True), ("adam", False)):
        rule = trace(resolve(name))
        hypers = {hyper.name: float(hyper.default) for hyper in rule.hypers}
        plain = run(rule, hypers, theta, grads)["p"]
        turned = run(rule, hypers, left @ theta @ right, [left @ g @ right for g in grads])["p"]
        assert np.allclose(turned, left @ plain @ right, atol=1e-9) is is_same


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [("adam", "holds"), ("asgd[lambd=0]", "holds"), ("asgd", "fails"), ("averaged", "holds"), ("lars", "fails")],
)
def test_shifts(rule: str, verdict: str) -> None:
    settled = settle_shift(Shift(rule), trace(resolve(rule)), 10)
    assert settled.verdict == verdict, settled
    assert settled.check.passed


def test_an_unknown_change_is_refused() -> None:
    with pytest.raises(UsageError, match="'rotation' is no kind of change; did you mean rotations"):
        settle_equivariance(Equivariance("adam", "rotation"), trace(resolve("adam")), 10)
