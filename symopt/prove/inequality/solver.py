"""Runs z3 on the SMT-LIB text of its standard input; a program of its own, so that it can be killed.

Prints ``unsat``, ``unknown``, or ``sat`` and then a line ``name value`` for every constant, the values
exact where they are rational and otherwise rational numbers near them, marked ``~``.
"""

import sys


def main() -> None:
    """Answer one question."""
    import z3  # type: ignore[import-untyped]  # slow to import, and no part of symopt's own requirements

    solver = z3.Solver()
    solver.from_string(sys.stdin.read())
    answer = solver.check()
    print(answer)
    if answer == z3.sat:
        model = solver.model()
        for declared in model.decls():
            value = model[declared]
            if z3.is_rational_value(value):
                print(declared.name(), value.as_fraction())
            elif z3.is_algebraic_value(value):
                print(declared.name(), f"~{value.approx(30).as_fraction()}")


if __name__ == "__main__":
    main()
