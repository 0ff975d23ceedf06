"""The command line. Importing it imports click alone; a command brings what it needs when it runs."""

from symopt.cli.main import main

__all__ = ["main"]
