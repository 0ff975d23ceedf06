"""What the tests of Coq share: everything that may be exported, settled once."""

from __future__ import annotations

import pytest

from symopt.coq.project import Project, exportable, project
from symopt.theorems import TheoremResult, prove


@pytest.fixture(scope="session")
def settled() -> dict[str, TheoremResult]:
    """Every theorem that may have a form in Coq."""
    return {result.theorem.name: result for result in prove(exportable()[0])}


@pytest.fixture(scope="session")
def exported(settled: dict[str, TheoremResult]) -> Project:
    """The files of all of them."""
    return project(list(settled.values()))
