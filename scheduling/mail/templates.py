"""The mail templates: one folder per mail under templates/email, each with subject.txt, body.txt and body.html.

HTML is escaped whatever the file is called, except in .txt; a name the template does not know is an error.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from scheduling.mail.text import clean_line

FOLDER = Path(__file__).parents[2] / "templates" / "email"


@cache
def environment() -> Environment:
    env = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=select_autoescape(enabled_extensions=("html",), disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters["lines"] = _lines
    env.filters["indented"] = _indented
    return env


def subject(name: str, words: Mapping[str, object]) -> str:
    return clean_line(environment().get_template(f"{name}/subject.txt").render(words))


def text(name: str, words: Mapping[str, object]) -> str:
    """The plain body: at most one empty line in a row, a line break at the end."""
    rendered = environment().get_template(f"{name}/body.txt").render(words)
    return re.sub(r"\n{3,}", "\n\n", rendered).strip() + "\n"


def html(name: str, words: Mapping[str, object]) -> str:
    return environment().get_template(f"{name}/body.html").render(words).strip() + "\n"


def event_description(words: Mapping[str, object]) -> str:
    rendered = environment().get_template("_event/description.txt").render(words)
    return re.sub(r"\n{3,}", "\n\n", rendered).strip()


def _lines(value: str) -> Markup:
    """Escaped text whose line breaks are shown: Outlook knows no `white-space`."""
    return Markup("<br>\n").join(escape(line) for line in value.split("\n"))


def _indented(value: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in value.split("\n"))
