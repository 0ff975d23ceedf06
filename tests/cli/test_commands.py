"""Every command, right: what it prints, its JSON document, its exit status."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from symopt.cli.main import COMMANDS, group

# The keys of the contract's document, in its order.
COMPARE_KEYS = [
    "schema", "left", "right", "verdict", "scope", "level", "hyper_map", "state_map", "conditions", "assumptions",
    "method", "first_step", "differs_in", "difference", "cause", "witness", "nearest", "reason", "seconds",
]  # fmt: skip


def symopt(*arguments: str) -> Result:
    """A command that raises nothing."""
    result = CliRunner().invoke(group, list(arguments), standalone_mode=False)
    assert result.exception is None, result.exception
    return result


def document(*arguments: str) -> dict[str, Any]:
    """The JSON document that is all of standard output."""
    result = symopt(*arguments)
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert isinstance(found, dict)
    assert re.fullmatch(r"symopt\.\w+/1", found["schema"])
    return found


def status(*arguments: str) -> int:
    value = symopt(*arguments).return_value
    assert isinstance(value, int)
    return value


def test_help_names_every_command() -> None:
    shown = symopt("--help").stdout
    assert re.findall(r"^  ([\w-]+)  ", shown.partition("Commands:")[2], re.M) == list(COMMANDS)


def test_every_command_of_the_table_is_a_module() -> None:
    modules = {path.stem for path in (Path(__file__).parents[2] / "symopt/cli").glob("*.py")}
    assert modules - {"__init__", "main", "output"} == {command.replace("-", "_") for command in COMMANDS}


def test_list_names_rule_class_and_source_in_columns() -> None:
    header, *rows = [line.split("\t") for line in symopt("list").stdout.splitlines()]
    assert header == ["name", "class", "states", "options", "source"]
    found = {row[0]: row[1:] for row in rows}
    assert found["adamw"][:3] == ["element-wise", "m v v_max", "amsgrad"]
    assert "Loshchilov" in found["adamw"][3]
    assert found["lamb"][0] == "per tensor"
    assert found["muon"][0] == "per tensor, matrix"
    assert found["lookahead"][0] == "element-wise, wrapper"
    assert found["trust_ratio"][0] == "part: per tensor"
    assert found["cosine"][0] == "schedule"
    assert all(row[3] for row in found.values()), "everything has a source"


def test_list_json() -> None:
    found = document("list", "--json")
    assert "cosine" in found["schedules"]
    (heavy,) = [rule for rule in found["rules"] if rule["name"] == "heavy_ball"]
    described = ["name", "class", "summary", "source", "hypers", "states", "options"]
    assert list(heavy) == [*described, "kind", "letters", "inner"]
    assert (heavy["hypers"], heavy["states"], heavy["letters"]) == (["lr", "mu"], ["p_prev"], "E")
    assert [rule["inner"] for rule in found["rules"] if rule["name"] == "sam"] == [["base"]]
    assert "clip_norm" in [part["name"] for part in found["parts"]]


@pytest.mark.parametrize("option", [("--format", "json"), ("--json",)])
def test_show_json(option: tuple[str, ...]) -> None:
    found = document("show", "adam[beta1=0.5]", *option)
    assert found["schema"] == "symopt.show/1"
    assert (found["target"], found["rule"]) == ("adam[beta1=0.5]", "adam")
    assert [hyper["name"] for hyper in found["hypers"]] == ["lr", "beta2", "eps"]
    assert Fraction(found["hypers"][1]["default"]) == Fraction(999, 1000)
    assert found["states"] == [{"name": name, "initial": "0", "shape": "rows x cols"} for name in "mv"]
    (first, *_) = found["statements"]
    assert (first["assigns"], first["value"]) == ("m", "0.5*m + 0.5*g")
    assert set(found["results"]) == {"p", "m", "v"}


def test_show_in_every_format() -> None:
    assert symopt("show", "momentum").stdout.endswith("  p ← p − lr·b\n")
    assert symopt("show", "momentum", "--format", "latex").stdout.startswith("\\begin{aligned}\n")
    assert symopt("show", "momentum", "--format", "markdown").stdout.startswith("# `momentum`\n")


@pytest.mark.parametrize(
    ("sides", "verdict", "exit_status"),
    [
        (("adam", "adam"), "equal", 0),
        (("adam_tf", "adam"), "equal-if", 1),
        (("adam_l2", "adamw"), "different", 1),
        (("adam_tf", "adam", "--time-limit", "1e-9"), "unknown", 3),
    ],
)
def test_compare_json_has_the_keys_of_the_contract(
    sides: tuple[str, ...], verdict: str, exit_status: int
) -> None:  # fmt: skip
    result = symopt("compare", *sides, "--json")
    found = json.loads(result.stdout)
    assert list(found) == COMPARE_KEYS
    assert found["schema"] == "symopt.compare/1"
    assert (found["left"], found["right"], found["verdict"]) == (*sides[:2], verdict)
    assert result.return_value == exit_status
    assert (found["reason"] is None) == (verdict != "unknown")
    assert (found["witness"] is None) == (verdict in ("equal", "unknown"))


def test_the_witness_of_the_document_is_what_a_person_computes() -> None:
    """Adam with L2 and AdamW for one step, in ten lines; with t = 1, m_hat = g and v_hat = g^2."""
    found = document("compare", "adam_l2", "adamw", "--json")["witness"]
    assert list(found) == ["hyper", "theta", "grads", "left", "right"]
    hyper = {name: Fraction(value) for name, value in found["hyper"].items()}
    lr, eps, decay = hyper["lr"], hyper["eps"], hyper["weight_decay"]
    theta, (g,) = Fraction(found["theta"]), [Fraction(value) for value in found["grads"]]
    coupled = g + decay * theta
    assert Fraction(found["left"]) == theta - lr * coupled / (abs(coupled) + eps)
    assert Fraction(found["right"]) == theta - lr * decay * theta - lr * g / (abs(g) + eps)
    assert found["left"] != found["right"]


def test_accept_if_takes_a_map_as_yes_and_a_difference_as_no() -> None:
    assert status("compare", "adam_tf", "adam", "--accept-if") == 0
    assert status("compare", "adam_tf", "adam") == 1
    assert status("compare", "adam_l2", "adamw", "--accept-if") == 1
    assert status("compare", "adam", "adam", "--accept-if") == 0
    assert status("compare", "adam_tf", "adam", "--accept-if", "--time-limit", "1e-9") == 3


def test_a_map_is_tried_as_it_is_given() -> None:
    right = document("compare", "adam_tf", "adam", "--map", "eps=eps/sqrt(1-beta2**t)", "--json")
    assert right["verdict"] == "equal-if"
    assert right["hyper_map"]["eps"] == "eps/sqrt(1-beta2**t)"
    wrong = document("compare", "adam_tf", "adam", "--map", "eps=2*eps", "--json")
    assert wrong["verdict"] == "different"


def test_a_comma_within_parentheses_belongs_to_its_expression() -> None:
    found = document("compare", "adam", "adam", "--map", "eps=max(eps,eps),lr=lr", "--json")
    assert found["verdict"] in ("equal", "equal-if")
    assert found["hyper_map"]["eps"] == "max(eps,eps)"


def test_what_varies_decides() -> None:
    """The buffer with lr inside is the one with lr outside only while lr stays the same."""
    constant = document("compare", "momentum_ema", "heavy_ball", "--json")
    assert constant["verdict"] == "equal-if"
    assert "lr is the same at every step" in constant["conditions"]
    varying = document("compare", "momentum_ema", "heavy_ball", "--varying", "lr", "--json")
    assert varying["verdict"] == "different"


def test_prove_lists_and_settles() -> None:
    names = symopt("prove", "--list").stdout.split()
    assert len(names) > 20
    assert document("prove", "--list", "--json")["theorems"] == names
    found = document("prove", "l2_inside_m", "adam_l2_is_not_adamw", "--json")
    assert found["schema"] == "symopt.prove/1"
    assert len(found["theorems"]) == 2
    assert status("prove", "l2_inside_m") == 0


def test_the_worst_status_is_that_of_the_whole() -> None:
    from symopt.cli.prove import worst

    assert [worst(statuses) for statuses in ([], [0, 0], [0, 3], [3, 1, 0])] == [0, 0, 3, 1]


@pytest.mark.parametrize(
    ("backend", "how"), [("c", "one loop"), ("numpy", "calls a block"), ("torch", "whole tensors")]
)
def test_explain_for_a_backend(backend: str, how: str) -> None:
    found = document("explain", "adamw", "--backend", backend, "--json")
    assert (found["schema"], found["rule"], found["backend"]) == ("symopt.explain/1", "adamw", backend)
    (step,) = found["functions"]
    assert how in step["how"]
    assert step["bytes_per_element"]["float64"] == 2 * step["bytes_per_element"]["float32"]
    assert f"in {backend}: {step['how']}" in symopt("explain", "adamw", "--backend", backend).stdout


def test_doctor() -> None:
    found = document("doctor", "--json")
    assert {piece["name"] for piece in found["pieces"]} >= {"python", "sympy", "C compiler", "torch"}
    missing = [piece for piece in found["pieces"] if not piece["found"]]
    assert all(piece["install"] and piece["enables"] for piece in missing)
    lines = symopt("doctor").stdout.splitlines()
    assert lines[0].split("\t") == ["piece", "found", "what for", "to install"]


def test_new_writes_a_rule_that_every_command_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert symopt("new", "my_own_rule").stdout == "my_own_rule.py\ntry: symopt show my_own_rule.py\n"
    assert symopt("show", "my_own_rule.py").stdout.startswith("my_own_rule: ")
    assert status("compare", "my_own_rule.py", "my_own_rule.py:MyOwnRule") == 0
    assert [path.name for path in tmp_path.iterdir() if path.suffix] == ["my_own_rule.py"]
