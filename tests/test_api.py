"""The public names: each is there, is typed, and is the function of the command of its name."""

from __future__ import annotations

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import symopt
from symopt.cli.main import COMMANDS, run

# Commands that are another function, or none, in Python.
ONLY_COMMANDS = {"list": "rule_names", "new": ""}


@pytest.mark.parametrize("name", symopt.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert name in dir(symopt)
    item = getattr(symopt, name)
    assert name == "__version__" or (item.__doc__ or "").strip()


def test_type_checkers_see_the_same_names() -> None:
    """What is imported lazily is imported under TYPE_CHECKING too, from the same module."""
    tree = ast.parse(Path(symopt.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == dict(symopt.PUBLIC)


def test_every_command_is_a_function() -> None:
    names = {ONLY_COMMANDS.get(command, command.replace("-", "_")) for command in COMMANDS} - {""}
    assert names <= set(symopt.PUBLIC)


def test_a_name_that_is_not_public_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'compair'"):
        symopt.compair  # noqa: B018


@pytest.mark.parametrize("first", ["import symopt.explain", "import symopt.theorems", "import symopt.doctor", ""])
def test_functions_are_callable_whatever_is_imported_first(first: str) -> None:
    """Modules have the names of functions; importing one does not hide the function."""
    program = f"""
{first}
import symopt
assert symopt.explain("sgd").title == "sgd"
assert symopt.doctor().findings
assert symopt.prove(["l2_inside_m"])[0].exit_status == 0
import symopt.explain, symopt.targets.compare, symopt.generate, symopt.doctor
assert symopt.explain("sgd").title == "sgd"
assert symopt.targets.compare.compare is symopt.compare
from symopt import explain, prove
assert explain("sgd").title == "sgd" and prove(["l2_inside_m"])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_compare_is_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    verdict = symopt.compare("adam_tf", "adam", hyper_map={"eps": "2*eps"})
    status = run(["compare", "adam_tf", "adam", "--map", "eps=2*eps", "--json"])
    printed = json.loads(capsys.readouterr().out)
    assert status == verdict.exit_status
    assert {**printed, "seconds": 0} == {**verdict.to_json(), "seconds": 0}


def test_targets_rules_and_classes_are_alike() -> None:
    adam = symopt.resolve("adam[beta1=0]")
    assert isinstance(adam, symopt.Rule)
    assert symopt.compare(adam, "adam[beta1=0]").verdict == "equal"
    assert symopt.compare(symopt.trace(adam), adam).verdict == "equal"
    assert symopt.show(adam) == symopt.show("adam[beta1=0]")
    assert symopt.explain(adam) == symopt.explain("adam[beta1=0]")


def test_errors_have_the_status_of_the_command_line() -> None:
    with pytest.raises(symopt.SymoptError, match="did you mean adam") as caught:
        symopt.compare("adma", "adam")
    assert caught.value.exit_status == 2


def test_options_of_the_functions_are_those_of_the_commands() -> None:
    """A word names a thing everywhere; --map is hyper_map, since map is a function of Python."""
    from symopt.cli.compare import command as compare
    from symopt.cli.explain import command as explain

    def options(command: object) -> set[str]:
        return {p.name for p in command.params if p.param_type_name == "option"}  # type: ignore[attr-defined]

    def keywords(function: object) -> set[str]:
        return set(inspect.signature(function).parameters)  # type: ignore[arg-type]

    assert keywords(symopt.compare) - {"left", "right", "hyper_map"} <= options(compare)
    assert keywords(symopt.explain) - {"rule"} <= options(explain)


def test_the_package_itself_is_a_module() -> None:
    assert isinstance(symopt, ModuleType)
    assert symopt.__version__.count(".") == 2
