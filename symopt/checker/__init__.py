"""The independent checker: re-checks proofs and witnesses with arithmetic of its own, sharing the graph alone."""
