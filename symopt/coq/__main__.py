"""``python -m symopt.coq FOLDER``: export every theorem that has a form in Coq, and have Coq check it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from symopt.coq.project import compiled, has_coq, project
from symopt.theorems.catalogue import theorems


def main(folder: Path) -> int:
    """Export, compile, say what was left out; 1 where Coq refuses something, 2 where there is no Coq."""
    made = project([*theorems().values()])
    made.write(folder)
    count = sum(map(len, made.exported.values()))
    print(f"{count} theorems exported to {folder}")
    if not has_coq():
        print("coqc is not installed, so nothing was compiled; on Debian and Ubuntu: apt install coq", file=sys.stderr)
        return 2
    refused, axioms = 0, dict[str, None]()
    for result in compiled(folder, list(made.exported)):
        axioms |= dict.fromkeys(result.axioms)
        refused += bool(result.error)
        print(f"{result.file}: {result.error or 'compiled'}")
    print(f"their assumptions, beside their hypotheses: {', '.join(axioms) or 'none'}")
    print(f"not exported, by reason:\n{_by_reason(made.left_out)}")
    return 1 if refused else 0


def _by_reason(left_out: Mapping[str, str]) -> str:
    names: dict[str, list[str]] = {}
    for name, reason in left_out.items():
        names.setdefault(reason, []).append(name)
    return "\n".join(f"  {reason}: {', '.join(found)}" for reason, found in names.items())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/coq")))
