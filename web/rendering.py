"""Pages from `web/pages`: one style sheet, no script, everything escaped, nothing loaded from anywhere.

The style sheet is put into the page and allowed by its hash, so that a page works under every path and needs no
second request.
"""

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

PAGES = Path(__file__).parent / "pages"


@cache
def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,  # for every name: select_autoescape() would leave *.html.j2 unescaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def style() -> str:
    """The style sheet, exactly as it stands between the style tags."""
    return (PAGES / "page.css").read_text(encoding="utf-8")


@cache
def content_security_policy() -> str:
    """Only our own style and forms to ourselves; no script, image, frame or font from anywhere."""
    digest = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )


def page(
    template: str, status: int, values: Mapping[str, object], headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """An HTML answer; `template` is a file name in `web/pages` without its ending."""
    text = _pages().get_template(f"{template}.html.j2").render(style=Markup(style()), **values)  # noqa: S704 - our own file
    return HTMLResponse(text, status_code=status, headers=dict(headers or {}))


def notice_page(status: int, heading: str, words: str, headers: Mapping[str, str] | None = None) -> HTMLResponse:
    """A page that says one thing."""
    return page("notice", status, {"heading": heading, "words": words}, headers)
