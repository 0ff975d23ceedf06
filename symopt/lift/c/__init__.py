"""Update rules out of C: functions over arrays are interpreted symbolically; nothing is compiled or executed."""

from symopt.lift.c.lift import c_functions, lift_c

__all__ = ["c_functions", "lift_c"]
