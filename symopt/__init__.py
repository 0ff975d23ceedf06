"""Optimizer update rules written once: proofs, kernels and equations from one text."""

__version__ = "0.1.0"
