"""Assertions for others' tests: what passes, what fails with which message, what is skipped."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from symopt.errors import UsageError
from symopt.testing import assert_different, assert_equivalent


def test_what_is_the_same_passes_and_gives_the_verdict() -> None:
    verdict = assert_equivalent("adam", "adam[amsgrad=False]")
    assert verdict.verdict == "equal"


def test_what_differs_fails_with_the_verdict_as_message() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_equivalent("adam[amsgrad=True]", "adam")
    message = str(caught.value)
    assert message.startswith("not equivalent\nadam[amsgrad=True] and adam: different")
    assert "witness" in message
    assert ": the parameter is" in message


def test_a_map_is_accepted_only_where_that_is_said() -> None:
    """TensorFlow adds eps before the correction of the bias, so that it stands for another number at every step."""
    with pytest.raises(AssertionError, match="accept_if=True takes that as yes"):
        assert_equivalent("adam", "adam_tf")
    verdict = assert_equivalent("adam", "adam_tf", accept_if=True)
    assert verdict.verdict == "equal-if"
    assert verdict.hyper_map is not None
    assert "sqrt(1 - beta2**t)" in " ".join(verdict.hyper_map.values())


def test_a_given_map_is_used() -> None:
    with pytest.raises(AssertionError, match="Under the given map the two still differ"):
        assert_equivalent("adam", "adam", hyper_map={"beta1": "beta2"}, accept_if=True)


def test_different_is_asserted_too() -> None:
    assert assert_different("adam[amsgrad=True]", "adam").witness is not None
    with pytest.raises(AssertionError, match="not different"):
        assert_different("adam", "adam")


def test_undecided_fails_or_skips() -> None:
    with pytest.raises(AssertionError, match="unknown"):
        assert_equivalent("adam", "adam_tf", time_limit=1e-3)
    with pytest.raises(pytest.skip.Exception, match="unknown"):
        assert_equivalent("adam", "adam_tf", time_limit=1e-3, unknown="skip")
    with pytest.raises(UsageError, match="'fail', 'skip'"):
        assert_equivalent("adam", "adam", unknown="ignore")  # type: ignore[arg-type]  # what is asked about


def test_the_output_of_pytest_shows_the_verdict_and_not_our_code(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from symopt.testing import assert_equivalent\n"
        "def test_it():\n    assert_equivalent('adam[amsgrad=True]', 'adam')\n",
        encoding="utf-8",
    )  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 1
    assert "adam[amsgrad=True] and adam: different" in done.stdout
    assert "witness" in done.stdout
    assert "symopt/testing.py" not in done.stdout
