"""Backends: one short description of a target language each."""
