"""Inequalities: invariants, bounds and orders, by induction with certificates, or refuted by a run.

A claim is proved from sums of squares and products of what is known not to be negative
(``certificate``), found by ``positive``; what no such identity was found for is asked of z3. A claim
is refuted only by a run from the start, which ``refute`` searches for and replays exactly.
"""
