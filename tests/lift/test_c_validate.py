"""Translation validation of generated C: all of it is what the rules say, and changes of it are noticed."""

from pathlib import Path

import pytest

from symopt.backends.base import Variant, render_variants, variants_of
from symopt.backends.registry import backend
from symopt.catalogue import resolve
from symopt.lift.c.validate import Validation, validate_source
from symopt.lift.lifted import ALL_SHAPES

GENERATED = Path(__file__).parents[2] / "generated" / "c"


def validated(path: Path) -> list[Validation]:
    return validate_source(path, variants_of(type(resolve(path.stem))))


SHAPES = """
from symopt.lang import Hyper, NonNegative, Rule, State, ema, matmul, mean, total, transpose, unwide, wide

class Shapes(Rule):
    'States of every shape that a matrix has, the fewer and the more of rows and columns included.'

    source = "mine"
    lr = Hyper(0.05, "a", NonNegative)
    square, turned, few, many, line = State(), State(), State(), State(), State()

    def update(s) -> None:
        s.square = ema(s.square, matmul(s.g, transpose(s.g)), 0.8)
        s.turned = ema(s.turned, transpose(s.g), 0.8)
        s.w = wide(s.g)
        s.few = ema(s.few, matmul(s.w, transpose(s.w)), 0.8)
        s.many = ema(s.many, matmul(transpose(s.w), s.w), 0.8)
        s.line = ema(s.line, total(transpose(s.g), 0), 0.8)
        s.u = unwide(matmul(matmul(s.few, s.w), s.many)) * mean(s.square) * mean(s.turned) * total(s.line)
        s.p = s.p - s.lr * (s.u + matmul(s.square, transpose(s.turned)))
"""


@pytest.fixture(scope="module")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Variant]]:
    """A rule with states of all shapes, and what is generated for it."""
    folder = tmp_path_factory.mktemp("shapes")
    (folder / "shapes.py").write_text(SHAPES)
    variants = variants_of(type(resolve(str(folder / "shapes.py"))))
    for name, text in render_variants(backend("c"), variants).items():
        (folder / name).write_text(text)
    return folder / "shapes.c", variants


def test_states_of_every_shape_are_followed(shapes: tuple[Path, list[Variant]]) -> None:
    found = validate_source(*shapes)
    assert [(item.function, item.verdict, item.reason) for item in found if item.verdict != "equal"] == []
    assert len(found) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("mean_square_new_total / (double)(down * along)", "mean_square_new_total / (double)down"),
        ("matmul_f32(fewer, fewer, more, few, false,", "matmul_f32(fewer, fewer, more, few, true,"),
        ("1, rows * rows, square", "1, rows * cols, square"),
        ("        cols, rows, turned", "        rows, rows, turned"),
        ("i < fewer * fewer; i++) {\n        few[i]", "i < fewer; i++) {\n        few[i]"),
    ],
)
def test_the_extents_of_other_shapes_are_told_apart(
    shapes: tuple[Path, list[Variant]], tmp_path: Path, old: str, new: str
) -> None:
    path, variants = shapes
    assert old in path.read_text()
    (tmp_path / "shapes.h").write_text(path.with_suffix(".h").read_text())
    (tmp_path / "shapes.c").write_text(path.read_text().replace(old, new))
    assert any(item.verdict != "equal" for item in validate_source(tmp_path / "shapes.c", variants))


CHANGES = [
    ("adamw", "beta2 * v[i] + one_minus_beta2", "beta1 * v[i] + one_minus_beta2"),
    ("adamw", "1.0 - pow(hyper->beta1, (double)t)", "1.0 - pow(hyper->beta1, (double)(t + 1))"),
    ("adamw", "m[i] = 0.0f;", "m[i] = 1.0f;"),
    ("adamw", "hyper->beta1 < 1.0", "hyper->beta1 < 0.5"),
    ("adamw", "hyper->lr >= 0.0", "hyper->lr > 0.0"),
    ("adamw", "v[i] = v_new;", ""),
    ("adamw", "return ((a > b) | (a != a)) ? a : b;", "return ((a < b) | (a != a)) ? a : b;"),
    ("lamb", "(lanes[1] + lanes[5])", "(lanes[1] + lanes[4])"),
    ("lamb", "ib + lane < end", "ib + lane + 1 < end"),
    ("lamb", "? sqrt_sum_p_p / sqrt_sum_u_u : 1.0", "? sqrt_sum_p_p / sqrt_sum_u_u : 0.0"),
    ("came", "/ (double)along)", "/ (double)down)"),
    ("came", "kept_sqrt_c_new[ic];", "kept_sqrt_c_new[ir];"),
    ("dowg", "*model_sum_g_g += model_sum_g_g_total;", "*model_sum_g_g = model_sum_g_g_total;"),
    ("muon", "line[j] += factor", "line[j] -= factor"),
    ("muon", "(fewer, more, fewer, x_1, false, x_1, true", "(fewer, more, fewer, kept_c2, false, x_1, true"),
    ("muon_flax", "memcpy(unwide_x, kept_x,", "memcpy(unwide_x, x_1,"),
    ("shampoo", "rows, left, hyper->eps, 4.0", "rows, left, hyper->eps, 2.0"),
    ("shampoo", "pow(value + damping, -1.0 / order)", "pow(value + damping, 1.0 / order)"),
    ("shampoo", "shift < 0.0 ? -root : root", "shift < 0.0 ? root : -root"),
    ("soap", "eigenbasis_f32(rows, kept_minus_left_new", "eigenbasis_f32(rows, left"),
    ("soap", "if (t_is_one) {\n        soap_eigenbasis_f32(rows", "if (!t_is_one) {\n        soap_eigenbasis_f32(rows"),
    ("soap", "c1 && !t_is_one", "c1 && t_is_one"),
    ("soap", ": c1 ? orthogonal_left_new_by_ql[i] : ql[i]", ": orthogonal_left_new_by_ql[i]"),
    ("soap", "float *const kept_n = slot2", "float *const kept_n = slot1"),
    ("soap", "i < cols * cols; i++) {\n        right[i]", "i < cols * rows; i++) {\n        right[i]"),
    ("sgld", "sgld_draw_f32(seed, t, i, 1)", "sgld_draw_f32(seed, t, i, 0)"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "old", "new"), CHANGES)
def test_a_change_of_the_text_is_noticed(tmp_path: Path, rule: str, old: str, new: str) -> None:
    text = (GENERATED / f"{rule}.c").read_text()
    assert old in text
    (tmp_path / f"{rule}.h").write_text((GENERATED / f"{rule}.h").read_text())
    path = tmp_path / f"{rule}.c"
    path.write_text(text.replace(old, new))
    assert any(item.verdict != "equal" for item in validated(path))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ib + 8 <= end", "ib + 7 <= end"),
        ("begin += SYMOPT_BLOCK", "begin += SYMOPT_BLOCK + 1"),
        ("? along : begin + SYMOPT_BLOCK", "? along : begin + SYMOPT_BLOCK - 1"),
        ("size_t i = 0; i < n; i++", "size_t i = 0; i < n && i < 99; i++"),
    ],
)
def test_what_shows_on_long_arrays_only_is_not_said_to_hold_for_all(tmp_path: Path, old: str, new: str) -> None:
    text = (GENERATED / "lamb.c").read_text()
    assert old in text
    (tmp_path / "lamb.h").write_text((GENERATED / "lamb.h").read_text())
    path = tmp_path / "lamb.c"
    path.write_text(text.replace(old, new))
    found = {item.function: item for item in validated(path)}
    assert found["symopt_lamb_step_f32"].scope != ALL_SHAPES
