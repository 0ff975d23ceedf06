"""Optimizer update rules written once: proofs, kernels and equations from one text."""
