"""Translation validation of generated C: all of it is what the rules say, and changes of it are noticed."""

from pathlib import Path

import pytest

from symopt.backends.base import variants_of
from symopt.catalogue import resolve
from symopt.lift.c.validate import Validation, validate_source
from symopt.lift.lifted import ALL_SHAPES

GENERATED = Path(__file__).parents[2] / "generated" / "c"
# Their states are square matrices, and decomposed by iteration.
MATRICES = {"shampoo", "soap"}
PRODUCTS = {"muon", "muon_flax", "muon_moonlight"}
RULES = sorted(path.stem for path in GENERATED.glob("*.c"))


def validated(path: Path) -> list[Validation]:
    return validate_source(path, variants_of(type(resolve(path.stem))))


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule not in MATRICES])
def test_every_function_is_what_the_rule_says(rule: str) -> None:
    found = validated(GENERATED / f"{rule}.c")
    assert {item.dtype for item in found} == {"float32", "float64"}
    assert [(item.function, item.verdict, item.reason) for item in found if item.verdict != "equal"] == []
    steps = {item.scope for item in found if "_step_" in item.function}
    assert steps == {"shapes (3, 11) and (11, 2)" if rule in PRODUCTS else ALL_SHAPES}


@pytest.mark.parametrize("rule", sorted(MATRICES))
def test_what_is_not_lifted_is_unknown_and_not_equal_or_different(rule: str) -> None:
    steps = [item for item in validated(GENERATED / f"{rule}.c") if "_step_" in item.function]
    assert {item.verdict for item in steps} == {"unknown"}


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
