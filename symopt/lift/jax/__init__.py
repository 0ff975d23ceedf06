"""Lifting of code that computes with JAX: its jaxpr is read once on arrays that carry expressions."""
