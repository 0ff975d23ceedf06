"""Printers: one expression or statement of a program as one line of a language."""
