"""Certificates of theorems as files: whole or not at all, and the same bytes each time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from symopt.catalogue import resolve
from symopt.checker.equality import check_certificate
from symopt.lang.theorem import Compare
from symopt.passes.tracing import trace
from symopt.theorems import certificates, prove
from symopt.theorems.catalogue import theorems
from symopt.theorems.certificates import write_certificates

NAMES = ["eps_hat_is_a_schedule_of_eps", "ema_is_the_velocity_rescaled", "adam_l2_is_not_adamw", "m_unrolled"]


def test_equalities_are_written_and_can_be_checked_from_their_files(tmp_path: Path) -> None:
    assert write_certificates(prove(NAMES, jobs=1), tmp_path) == NAMES[:2]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.json" for name in NAMES[:2])
    for name in NAMES[:2]:
        document = json.loads((tmp_path / f"{name}.json").read_text())
        subject = theorems()[name].subject
        assert isinstance(subject, Compare)
        assert document["theorem"] == name
        assert check_certificate(trace(resolve(subject.left)), trace(resolve(subject.right)), document).passed


def test_writing_again_gives_the_same_bytes(tmp_path: Path) -> None:
    results = prove(NAMES[:1], jobs=1)
    write_certificates(results, tmp_path / "a")
    write_certificates(results, tmp_path / "b")
    name = f"{NAMES[0]}.json"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_where_one_cannot_be_made_none_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results = prove(NAMES[:2], jobs=1)
    real = certificates.certificate_of

    def failing(result: object) -> object:
        if result is results[1]:
            raise RuntimeError("out of memory")
        return real(result)  # type: ignore[arg-type]

    monkeypatch.setattr(certificates, "certificate_of", failing)
    with pytest.raises(RuntimeError):
        write_certificates(results, tmp_path)
    assert list(tmp_path.iterdir()) == []
