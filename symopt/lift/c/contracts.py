"""Decompositions in generated C, which are iterations: taken by their contract, the graph's operation of that name.

The text of such a function, and of those that it calls, must be that of its template to the letter. That the templates
keep the contract is checked by running them (``tests/backends/test_c_matrices.py``).
"""

from __future__ import annotations

from symopt.backends.base import environment
from symopt.backends.c_products import DOUBLE_TEMPLATES, SCRATCH, TEMPLATES
from symopt.printers.c import CTYPES


def contracts(text: str, rule: str) -> dict[str, str]:
    """The functions of a source that are taken by their contract -> the operation that each is."""
    return {
        f"{rule}_{name}_{ctype.dtype}": name
        for name in SCRATCH
        for ctype in CTYPES.values()
        if f"{rule}_{name}_{ctype.dtype}(" in text
        and all(_rendered(template, rule=rule) in text for template in DOUBLE_TEMPLATES.get(name, ()))
        and all(_rendered(template, rule=rule, ctype=ctype) in text for template in TEMPLATES[name])
    }


def scratch_size(rows: int) -> int:
    """How many doubles a decomposition of a matrix may write into its scratch memory, as the templates say."""
    return 2 * rows * rows + 3 * rows


def _rendered(template: str, **names: object) -> str:
    return environment().get_template(f"c/{template}.c.j2").render(**names).strip()
