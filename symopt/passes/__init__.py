"""Passes: one transformation of a trace or a program a file; each says whether it preserves rounding."""
