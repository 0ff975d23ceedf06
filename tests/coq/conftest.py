"""What the tests of Coq share: everything that may be exported, proved once."""

from __future__ import annotations

import pytest

from symopt.coq.project import Project, project
from symopt.theorems.catalogue import theorems


@pytest.fixture(scope="session")
def exported() -> Project:
    """The files of the whole catalogue."""
    return project([*theorems().values()])
