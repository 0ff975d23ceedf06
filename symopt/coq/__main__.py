"""``python -m symopt.coq FOLDER``: export every theorem that has a form in Coq, and have Coq check it."""

from __future__ import annotations

import sys
from pathlib import Path

from symopt.coq.project import compiled, has_coq, project
from symopt.lang.theorem import Compare
from symopt.theorems import prove
from symopt.theorems.catalogue import theorems


def main(folder: Path) -> int:
    """Export, compile, say what was left out; 1 where Coq refuses something, 2 where there is no Coq."""
    names = [name for name, theorem in theorems().items() if isinstance(theorem.subject, Compare)]
    made = project(prove(names))
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
    for name, reason in made.left_out.items():
        if reason != "it is no proved equality":
            print(f"not exported: {name}: {reason}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/coq")))
