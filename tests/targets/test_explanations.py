"""What comparisons say of lifted code: causes, both updates side by side, the map as code."""

from __future__ import annotations

from pathlib import Path

import pytest

from symopt.catalogue import resolve
from symopt.passes.tracing import trace
from symopt.prove.cause.statements import differing_statements
from symopt.prove.pair import make_pair
from symopt.targets.advice import as_code, fixed_by
from symopt.targets.compare import Answer, answer
from symopt.targets.explained import explained
from symopt.targets.sides import LONGEST, MOST_STATEMENTS, Line, laid_out, side_by_side

ADAM = """
import numpy as np


def init(params):
    return [np.zeros_like(params), np.zeros_like(params), 0]


def step(params, grads, state, *, alpha=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8):
    {first}, {second}, n = state
    n = n + 1
    mt = beta1 * mt + (1 - beta1) * grads
    vt = beta2 * vt + (1 - beta2) * grads**2
    return params - {move}, [{first}, {second}, n]
"""
ROOTS = "alpha * (np.sqrt(1 - beta2**n) / np.sqrt(1 - beta1**n)) * mt / (np.sqrt(vt) + epsilon)"
TIMES = "alpha * (mt * (1 - beta1**n)) / (np.sqrt(vt * (1 - beta2**n)) + epsilon)"
RIGHT = "alpha * (mt / (1 - beta1**n)) / (np.sqrt(vt / (1 - beta2**n)) + epsilon)"


def written(folder: Path, move: str, first: str = "mt", second: str = "vt") -> str:
    path = folder / "opt.py"
    path.write_text(ADAM.format(move=move, first=first, second=second))
    return str(path)


@pytest.mark.parametrize("order", [("mt", "vt"), ("vt", "mt")])
@pytest.mark.parametrize(
    ("move", "rule", "says"),
    [
        (ROOTS, "adam_tf", "The left has 1 - beta1**t under a root, the right has not."),
        (TIMES, "adam", "The corrections 1 - beta1**t and 1 - beta2**t multiply on the left and divide on the right."),
    ],
)
def test_states_are_paired_by_what_they_compute(
    tmp_path: Path, move: str, rule: str, says: str, order: tuple[str, str]
) -> None:
    assert answer(written(tmp_path, move, *order), rule).verdict.cause == says


def test_numbered_states_in_another_order_are_not_taken_for_one_another(tmp_path: Path) -> None:
    folders = tmp_path / "a", tmp_path / "b"
    for folder in folders:
        folder.mkdir()
    found = answer(written(folders[0], ROOTS), written(folders[1], RIGHT, "vt", "mt"))
    assert found.compared is not None
    marked = differing_statements(make_pair(found.compared.traces.left, found.compared.shown.trace))
    assert marked.partners == {"s1": "s2", "s2": "s1"}
    assert marked.left == {"p_new"}


def test_a_decay_that_one_side_does_not_have_hides_nothing() -> None:
    pytest.importorskip("torch")
    said = answer("torch.optim.Adam", "adam_tf").verdict.cause
    assert said is not None
    assert said.startswith("eps is added before the correction by sqrt(1 - beta2**t) on the right")
    said = answer("torch.optim.Adam", "adam").verdict.cause
    assert said is not None
    assert said.startswith("Only the left has weight_decay, through which the parameter enters the gradient")


@pytest.fixture(scope="module")
def adams() -> Answer:
    """Two rules that differ in where their epsilon stands."""
    return answer("adam", "adam_tf")


def test_what_differs_is_marked_and_nothing_else() -> None:
    left, right = (trace(resolve(name)) for name in ("adam", "adam_tf"))
    marked = differing_statements(make_pair(left, right))
    assert marked.left == {"m_hat", "v_hat", "p_new"}
    assert marked.right == {"alpha", "p_new"}
    same = differing_statements(make_pair(left, left))
    assert same.left == same.right == frozenset()


def test_a_gradient_that_is_asked_for_elsewhere_is_marked() -> None:
    marked = differing_statements(make_pair(trace(resolve("sgd")), trace(resolve("nag"))))
    assert "g" in marked.left
    assert "g" in marked.right


def test_two_columns_where_there_is_room_else_one_after_the_other(adams: Answer) -> None:
    found = adams
    wide, narrow = side_by_side(found, 150), side_by_side(found, 60)
    assert wide[2] == "  m ← beta1·m + (1 − beta1)·g                        | m ← beta1·m + (1 − beta1)·g"
    assert [line[:2] for line in wide if " | p ← " in line] == ["* "]
    assert all(" | " not in line for line in narrow)
    assert narrow[0] == "adam"
    assert "adam_tf" in narrow
    assert narrow[-1].startswith("* p ← p − alpha·m/(sqrt(v) + eps)  (adam_tf.py:")


def test_a_long_step_shows_what_differs_alone() -> None:
    column = [Line(("left", str(i)), f"u{i} ← {i}", i == 7) for i in range(MOST_STATEMENTS + 1)]
    assert laid_out(("a", "b"), (column, column[:9]), 60) == ["  a      | b", "* u7 ← 7 | u7 ← 7"]
    assert len(laid_out(("a", "b"), (column[:-1], column[:9]), 60)) == MOST_STATEMENTS + 1


def test_a_long_statement_is_cut() -> None:
    line = Line(("new", "p"), "p ← " + "x" * LONGEST, True, "rule.py:3")
    assert line.shown.endswith("xx...  (rule.py:3)")
    assert len(line.shown) == LONGEST + len("  (rule.py:3)")


CALLS = [
    ("adam", "adam_tf", ["adam(lr=lr, beta1=beta1, beta2=beta2, eps=eps)",
     "adam_tf(lr=lr, beta1=beta1, beta2=beta2, eps=eps*sqrt(1 - beta2**t))",
     "eps changes from step to step (t = 1, 2, ...): give it as a schedule"]),
    ("torch.optim.Adam", "adam", ["torch.optim.Adam(params, lr=lr, betas=(beta1, beta2), eps=eps, weight_decay=0)",
     "adam(lr=lr, beta1=beta1, beta2=beta2, eps=eps)"]),
    ("adam_tf", "torch.optim.Adam", ["adam_tf(lr=lr, beta1=beta1, beta2=beta2, eps=eps)",
     "torch.optim.Adam(params, lr=lr, betas=(beta1, beta2), eps=eps/sqrt(1 - beta2**t), weight_decay=0)",
     "eps changes from step to step (t = 1, 2, ...): set it in param_groups before every step"]),
]  # fmt: skip


@pytest.mark.parametrize(("left", "right", "lines"), CALLS)
def test_the_map_is_written_as_calls(left: str, right: str, lines: list[str]) -> None:
    if "torch" in left + right:
        pytest.importorskip("torch")
    assert as_code(answer(left, right)) == lines


def test_calls_are_said_of_what_is_equal_alone() -> None:
    assert as_code(answer("adam", "adam")) == []
    assert as_code(answer("adamw", "adam_l2")) == []


def test_conditions_that_fix_a_hyper_parameter_are_told_from_others() -> None:
    assert fixed_by(("weight_decay = 0", "dampening <= 1", "1 - beta != 0", "lr is the same at every step")) == {
        "weight_decay": "0"
    }


def test_a_step_function_is_called_with_what_a_step_is_given(tmp_path: Path) -> None:
    found = as_code(answer(written(tmp_path, RIGHT), "adam"))
    assert found[0] == "step(params, grads, ..., alpha=alpha, beta1=beta1, beta2=beta2, epsilon=epsilon)"
    assert found[1] == "adam(lr=alpha, beta1=beta1, beta2=beta2, eps=epsilon)"


def test_the_text_has_all_of_it(adams: Answer) -> None:
    text = explained(adams, 100)
    positions = [text.index(part) for part in ("eps is added before", "side by side", "as code", "proof", "--repro")]
    assert positions == sorted(positions)
    assert "--repro" not in explained(adams, 100, has_script=True)
    assert "side by side" not in explained(answer("adam", "adam"), 100)
