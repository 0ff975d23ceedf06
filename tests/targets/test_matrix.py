"""All pairs of targets: what each cell says, and the page that shows it."""

import re

import pytest

from symopt.catalogue import rule
from symopt.passes.rename import with_names
from symopt.passes.tracing import trace
from symopt.targets.compare import compare
from symopt.targets.extras import without_extras
from symopt.targets.matrix import Matrix, matrix
from symopt.targets.matrix_pages import as_html, as_markdown, grid
from symopt.targets.pairing import pairings, renamed

TARGETS = ("adam", "adamw[weight_decay=0]", "adam_tf", "no.such.Optimizer", "lion")


@pytest.fixture(scope="module")
def found() -> Matrix:
    return matrix(TARGETS, processes=1)


def test_cells_are_the_verdicts_on_pairs(found: Matrix) -> None:
    assert found.rows() == [
        ["adam", "=", "=", "if", "-", "≠"],
        ["adamw[weight_decay=0]", "=", "=", "if", "-", "≠"],
        ["adam_tf", "if", "if", "=", "-", "≠"],
        ["no.such.Optimizer", "-", "-", "-", "-", "-"],
        ["lion", "≠", "≠", "≠", "-", "="],
    ]
    assert found.exit_status == 2


def test_a_pair_is_settled_as_if_it_were_alone(found: Matrix) -> None:
    alone = compare("adam", "adam_tf")
    here = found.verdicts[0, 2]
    assert (here.verdict, here.hyper_map, here.conditions) == (alone.verdict, alone.hyper_map, alone.conditions)


def test_the_page_has_a_link_from_each_cell_to_its_pair(found: Matrix) -> None:
    page = as_html(found)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) == 2 * len(found.verdicts) == 12  # above and below the diagonal
    assert {*links} == {*re.findall(r'<details id="([^"]+)"', page)}
    assert page.index("Equal: 1") < page.index("Equal under a map or condition: 2") < page.index("Different: 3")
    assert '<th scope="row"><b>3</b> adam_tf</th>' in page
    assert f"no.such.Optimizer: not lifted: {found.errors[3]}" in page


def test_targets_are_escaped() -> None:
    page = as_html(Matrix(("<a>", "b"), {}, {0: "<why>", 1: ""}, 0.0))
    assert "<a>" not in page
    assert "<why>" not in page


def test_markdown_has_the_same_cells(found: Matrix) -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in grid(found)[2:]]
    assert [row[1:] for row in rows] == [row[1:] for row in found.rows()]
    assert "`adam` and `adam_tf`: equal-if." in as_markdown(found)


def test_an_eps_is_paired_with_an_eps_before_an_eps_under_the_root() -> None:
    """The two have the same role, and neither is called as that of the right."""
    right = with_names(trace(rule("adam_tf")()), {"eps": "epsilon"})
    first = next(iter(pairings(trace(rule("nadam_optax")()), right)))
    assert first["epsilon"].name == "eps"


def test_a_rate_is_never_switched_off_whatever_it_is_called_beside_another() -> None:
    """Where nothing moves everything is equal."""
    left = trace(rule("adam")())
    right = renamed(trace(rule("adamw")()), left, {})
    assert right.names["lr_2"] == "lr"
    assert "lr_2" not in without_extras(left, right).values[1]
