"""Why two rules differ: one sentence, and the difference as an expression."""

from symopt.prove.cause.explanation import Explanation, cause, explain

__all__ = ["Explanation", "cause", "explain"]
