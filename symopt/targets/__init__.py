"""Targets of the command line: rules of the catalogue and anyone's code, resolved, matched and compared."""
