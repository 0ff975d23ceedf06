"""Archives of arrays of NumPy: the state of generated kernels, of transformations of optax and of Keras' optimizers.

Hyper-parameters stand beside the state, under ``hyper/`` and the name of the argument.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.targets.checkpoint import Array, Settings

HYPER = "hyper/"


def read_npz(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """The arrays of the state by their keys, and the settings that stand beside them.

    Raises
    ------
    UsageError: there is no such file, or it is none of NumPy's archives.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            if any(not name.endswith(".npy") for name in archive.zip.namelist()):
                raise ValueError("it is an archive of something else")
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise UsageError(f"no file {path}") from None
    # A file of another kind, an array of objects, one array instead of an archive.
    except (ValueError, OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path} is no archive of arrays written by numpy.savez: {error}") from None
    settings = {key.removeprefix(HYPER): _setting(value) for key, value in arrays.items() if key.startswith(HYPER)}
    return {key: value for key, value in arrays.items() if not key.startswith(HYPER)}, settings


def npz_bytes(arrays: Mapping[str, Array], settings: Settings) -> bytes:
    """An archive of a state and its settings; settings that are None are left out."""
    hypers = {f"{HYPER}{name}": np.asarray(value) for name, value in settings.items() if value is not None}
    hypers = {key: value for key, value in hypers.items() if value.dtype.kind in "biufU"}
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **dict(arrays), **hypers)
    return stream.getvalue()


def _setting(value: Array) -> Any:
    return tuple(value.tolist()) if value.ndim else value.item()
