"""For anyone's tests: assertions that two optimizers are, or are not, the same.

from symopt.testing import assert_equivalent

def test_my_optimizer():
    assert_equivalent(MyAdamW, "torch.optim.AdamW")
"""

from __future__ import annotations

import unittest
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from symopt.errors import UsageError
from symopt.prove.verdict import Verdict
from symopt.targets.compare import answer

Unknown = Literal["fail", "skip"]
UNKNOWN = ("fail", "skip")


def assert_equivalent(
    left: Any, right: Any, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0, accept_if: bool = False, unknown: Unknown = "fail",
) -> Verdict:  # fmt: skip
    """Fail unless two targets have provably the same parameters at every step.

    Parameters
    ----------
    left, right: classes, step functions, rules, or texts as on the command line (``"torch.optim.AdamW"``).
    hyper_map: hyper-parameters of the right as expressions in those of the left and ``t``.
    varying: hyper-parameters that change from step to step, by the left's names.
    time_limit: seconds after which the answer is ``unknown``.
    accept_if: whether equality under a map or a condition is enough.
    unknown: what an undecided question does: ``"fail"``, or ``"skip"`` the test.

    Returns
    -------
    The verdict, whose map, conditions and assumptions a test may look at.

    Raises
    ------
    AssertionError: they differ, or are equal only under a map or condition, or it was not decided; the message is
        the verdict: the cause, and the numbers that show the difference.
    unittest.SkipTest, or pytest's own: undecided, with ``unknown="skip"``.
    UsageError, UnsupportedError, MissingToolError: as for ``compare``.
    """
    __tracebackhide__ = True
    verdict = _verdict(left, right, hyper_map, varying, time_limit, unknown)
    wanted = ("equal", "equal-if") if accept_if else ("equal",)
    if verdict.verdict not in wanted:
        hint = "; accept_if=True takes that as yes" if verdict.verdict == "equal-if" else ""
        raise AssertionError(f"not equivalent{hint}\n{verdict.text()}")
    return verdict


def assert_different(
    left: Any, right: Any, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0, unknown: Unknown = "fail",
) -> Verdict:  # fmt: skip
    """Fail unless numbers show that two targets differ, whatever hyper-parameters of one are in those of the other.

    The arguments, and what is raised, are as for ``assert_equivalent``.
    """
    __tracebackhide__ = True
    verdict = _verdict(left, right, hyper_map, varying, time_limit, unknown)
    if verdict.verdict != "different":
        raise AssertionError(f"not different\n{verdict.text()}")
    return verdict


def _verdict(
    left: Any, right: Any, hyper_map: Mapping[str, str] | None, varying: Sequence[str], time_limit: float, unknown: str
) -> Verdict:
    __tracebackhide__ = True
    if unknown not in UNKNOWN:
        raise UsageError(f"unknown={unknown!r}; write one of {', '.join(map(repr, UNKNOWN))}")
    verdict = answer(
        left, right, hyper_map=hyper_map, varying=varying, time_limit=time_limit, in_process=True
    ).verdict  # fmt: skip
    if verdict.verdict == "unknown" and unknown == "skip":
        _skip(verdict.text())
    return verdict


def _skip(reason: str) -> None:
    __tracebackhide__ = True
    try:
        import pytest
    except ImportError:
        raise unittest.SkipTest(reason) from None
    pytest.skip(reason)
