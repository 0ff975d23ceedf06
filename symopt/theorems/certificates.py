"""Certificates of theorems: made from what was settled, and written as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from symopt.catalogue import resolve
from symopt.lang.theorem import Compare
from symopt.passes.tracing import trace
from symopt.prove.certificate import Certificate, NoCertificateError, certificate
from symopt.theorems.result import TheoremResult


def certificate_of(result: TheoremResult) -> Certificate:
    """The certificate of a theorem that was proved.

    Raises
    ------
    NoCertificateError: it is no equality, or was not proved.
    OutOfTimeError: making it takes too long.
    """
    subject = result.theorem.subject
    if not isinstance(subject, Compare) or result.comparison is None:
        raise NoCertificateError("only equalities of two rules have certificates")
    left, right = trace(resolve(subject.left)), trace(resolve(subject.right))
    return certificate(left, right, result.comparison, subject.varying)


def write_certificates(results: Sequence[TheoremResult], folder: Path) -> list[str]:
    """Write ``<theorem>.json`` for every equality that was proved, all of them or none; the names written.

    A theorem whose proof is of a kind that certificates do not hold is left out.

    Raises
    ------
    OSError: the folder cannot be written; nothing is in it then that was not before.
    """
    texts: dict[str, str] = {}
    for result in results:
        try:
            document = {"theorem": result.theorem.name, "statement": result.theorem.statement,
                        **certificate_of(result).to_json()}  # fmt: skip
        except NoCertificateError:
            continue
        texts[result.theorem.name] = json.dumps(document, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix=".certificates-") as scratch:
        for name, text in texts.items():
            (Path(scratch) / f"{name}.json").write_text(text, encoding="utf-8")
        for name in texts:
            (Path(scratch) / f"{name}.json").replace(folder / f"{name}.json")
    return list(texts)
