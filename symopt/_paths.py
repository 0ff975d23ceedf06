"""Where specs, templates and generated kernels are: beside the checkout's pyproject.toml, or in the wheel."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def data_dir(name: str) -> Path:
    """The folder ``specs``, ``templates`` or ``generated``.

    A checkout, also when it is installed in editable mode, uses its own top-level folders; only a
    wheel reads the copies inside the package.

    Raises
    ------
    FileNotFoundError: neither is there; the installation is incomplete.
    """
    checkout = PACKAGE.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    packaged = PACKAGE / "_data" / name
    if packaged.is_dir():
        return packaged
    raise FileNotFoundError(f"symopt is installed without its folder {name!r}; reinstall symopt-codegen")
