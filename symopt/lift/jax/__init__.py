"""Lifting of code that computes with JAX: its jaxpr is read once on arrays that carry expressions."""

from symopt.lift.jax.functions import lift_jax_function
from symopt.lift.jax.optax import lift_optax

__all__ = ["lift_jax_function", "lift_optax"]
