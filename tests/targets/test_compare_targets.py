"""Anyone's code compared: hyper-parameters are paired by meaning, numbers in brackets are exact, extras are told."""

from pathlib import Path

import pytest

from symopt.errors import SymoptError, UsageError
from symopt.targets.compare import compare

EXAMPLES = Path(__file__).parents[2] / "examples"
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ADAMW = """
import numpy as np

def init(w):
    return {"t": 0, "m": np.zeros_like(w), "v": np.zeros_like(w)}

def step(w, grad, state, *, alpha=1e-3, b1=0.9, b2=0.999, epsilon=1e-8, wd=1e-2):
    t = state["t"] + 1
    m = b1 * state["m"] + (1 - b1) * grad
    v = b2 * state["v"] + (1 - b2) * grad**2
    w = w * (1 - alpha * wd) - alpha * (m / (1 - b1**t)) / (np.sqrt(v / (1 - b2**t)) + epsilon)
    return w, {"t": t, "m": m, "v": v}
"""


@pytest.fixture
def adamw(tmp_path: Path) -> str:
    path = tmp_path / "mine.py"
    path.write_text(ADAMW, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("target", "package"),
    [
        ("torch.optim.AdamW", "torch"),
        ("torch.optim.AdamW[foreach=True]", "torch"),
        ("optax.adamw[eps_root=0]", "optax"),
        (str(EXAMPLES / "adamw_plain.c"), "pycparser"),
        (str(EXAMPLES / "adamw_avx2.c"), "pycparser"),
    ],
)
def test_adamw_of_every_kind_is_adamw(target: str, package: str) -> None:
    pytest.importorskip(package)
    verdict = compare(target, "adamw")
    assert verdict.verdict == "equal", verdict.text()
    assert verdict.scope == "all shapes"


def test_hyper_parameters_are_paired_by_meaning(adamw: str) -> None:
    verdict = compare(adamw, "adamw")
    assert verdict.verdict == "equal", verdict.text()
    assert verdict.hyper_map == {
        "lr": "alpha", "beta1": "b1", "beta2": "b2", "eps": "epsilon", "weight_decay": "wd",
    }  # fmt: skip


def test_names_that_are_exchanged_are_no_equality(tmp_path: Path) -> None:
    """The same for a caller who knows that two names have changed places, and not for one who goes by them."""
    step = "def step(p, g, m, *, lr=0.1, mu=0.9, beta=0.8):\n    m = {} * m + g\n    return p - lr * (g + {} * m), m\n"
    one, other = tmp_path / "one.py", tmp_path / "other.py"
    one.write_text(step.format("mu", "beta"), encoding="utf-8")
    other.write_text(step.format("beta", "mu"), encoding="utf-8")
    verdict = compare(str(one), str(other))
    assert verdict.verdict == "equal-if", verdict.text()
    assert verdict.hyper_map == {"lr": "lr", "mu": "beta", "beta": "mu"}
    assert verdict.witness is not None


def test_numbers_in_brackets_are_exact(adamw: str) -> None:
    """Python computes 1 - 0.9 as 0.09999999999999998."""
    verdict = compare(f"{adamw}[b1=0.9,b2=0.999]", "adamw[beta1=0.9,beta2=0.999]")
    assert verdict.verdict == "equal", verdict.text()
    assert compare(f"{adamw}[b1=0.9]", "adamw[beta1=0.91]").verdict == "different"


def test_what_one_side_alone_has_is_fixed_at_zero(adamw: str) -> None:
    verdict = compare(adamw, "adam")
    assert verdict.verdict == "equal-if"
    assert "wd = 0" in verdict.conditions


def test_what_each_side_alone_has_is_fixed_at_zero() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("optax")
    verdict = compare("torch.optim.Adam", "optax.adam")
    assert verdict.verdict == "equal-if", verdict.text()
    assert set(verdict.conditions) == {"weight_decay = 0", "eps_root = 0"}


def test_a_map_of_the_user_overrules(adamw: str) -> None:
    crossed = compare(adamw, "adamw", hyper_map={"lr": "alpha", "beta1": "b2", "beta2": "b1", "eps": "epsilon"})
    assert crossed.verdict == "different"


def test_the_other_sign_and_the_rest_to_one_are_maps(tmp_path: Path) -> None:
    path = tmp_path / "ema.py"
    path.write_text(
        "def step(p, g, m, *, lr=0.1, rate=0.1):\n    m = m + rate * (g - m)\n    return p - lr * m, m\n",
        encoding="utf-8",
    )
    verdict = compare(str(path), "momentum_ema", hyper_map={"lr": "lr", "mu": "1 - rate"})
    assert verdict.verdict in ("equal", "equal-if"), verdict.text()


def test_a_rule_against_code_is_the_same_question(adamw: str) -> None:
    assert compare("adamw", adamw).verdict == "equal"
    assert compare("adam_l2", adamw).verdict == "different"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("torch.optim.AdamX", "has no 'AdamX'; did you mean"),
        ("nothere.optim.Adam", "nothere is not installed"),
        ("torch.nn.Linear", "no optimizer"),
        ("torch.optim.AdamW[lrr=1]", "has no argument 'lrr'; did you mean lr"),
        ("torch.optim.LBFGS", "closure"),
        ("optax.lookahead", "requires"),
        ("nothere.c:step", "no file nothere.c"),
        ("nothere.py:step", "no file nothere.py"),
    ],
)
def test_mistakes_have_one_clear_line(target: str, says: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("optax")
    with pytest.raises(SymoptError, match=says.replace("(", r"\(")) as raised:
        compare(target, "adamw")
    assert "\n" not in str(raised.value)


def test_an_unknown_name_in_a_map_is_refused(adamw: str) -> None:
    with pytest.raises(UsageError, match="no hyper-parameter 'lrr'"):
        compare(adamw, "adamw", hyper_map={"lrr": "alpha"})
