"""The templates of documents: strings in, text out. HTML is escaped unless it is marked as markup."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from symopt import __version__
from symopt._paths import data_dir


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(data_dir("templates") / "docs"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(("html", "html.j2")),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["markdown_text"] = markdown_text
    environment.globals["version"] = __version__
    return environment


# What Markdown or its mathematics gives a meaning to.
MARKDOWN = re.compile(r"[\\`*_\[\]<>|$]")


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is."""
    return MARKDOWN.sub(r"\\\g<0>", text.replace("&", "&amp;"))


def render(template: str, **view: Any) -> str:
    """A template of the folder ``templates/docs``, filled."""
    return _environment().get_template(template).render(view)
