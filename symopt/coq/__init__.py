"""Proofs for Coq: theorems as files of the Coq proof assistant, over its real numbers, that need nothing of symopt."""
