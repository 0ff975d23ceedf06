"""What can go wrong with a rule in floating-point numbers, found from its statements and shown on its kernel."""

from symopt.run.hazards.hazard import HAPPENS, IMPOSSIBLE, UNKNOWN, Hazard
from symopt.run.hazards.report import hazards, text

__all__ = ["HAPPENS", "IMPOSSIBLE", "UNKNOWN", "Hazard", "hazards", "text"]
