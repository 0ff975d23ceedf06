"""Where in somebody's code something happened, and their exceptions as messages of ours."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from symopt._paths import PACKAGE
from symopt.errors import SymoptError, UnsupportedError

# Files of frameworks that stand between an optimizer and an operation, and are never what is asked about.
MACHINERY = re.compile(r"[/\\]torch[/\\](?!optim[/\\](?!optimizer))|[/\\]jax[/\\]_src[/\\]")


@contextmanager
def where_it_happened(title: str) -> Iterator[None]:
    """Turn what code raises inside the block into a message with the title, the file and the line.

    Raises
    ------
    UnsupportedError: whatever was raised; other errors of symopt pass.
    """
    try:
        yield
    except UnsupportedError as error:
        place = source_place(error)
        already = place == "" or str(error).startswith(title) or place in str(error)
        raise (error if already else UnsupportedError(f"{title}: {place}: {error}")) from error
    except SymoptError:
        raise
    except Exception as error:  # somebody's code: any exception is a message about it
        place = source_place(error)
        said = f"{type(error).__name__}: {error}".rstrip(": ")
        raise UnsupportedError(f"{title}: {place + ': ' if place else ''}{said}") from error


def source_place(error: BaseException) -> str:
    """``file:line`` of the last frame outside symopt and the libraries that it calls; empty where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    own = str(PACKAGE)
    outside = [frame for frame in frames if not frame.filename.startswith((own, "<"))]
    first_inside = next((i for i, frame in enumerate(frames) if frame in outside), None)
    if first_inside is None:
        return ""
    own_code = [frame for frame in outside if "site-packages" not in Path(frame.filename).parts]
    called = own_code or [frame for frame in outside if not MACHINERY.search(frame.filename)] or outside
    return f"{called[-1].filename}:{called[-1].lineno}"
