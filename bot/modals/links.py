"""A small window of its own: fresh links to connect a calendar, or a few words."""

from collections.abc import Mapping

from bot.modals import connecting
from bot.modals.blocks import View, context, modal, section

CALLBACK = "links"
CALENDAR_TITLE, SETTINGS_TITLE = "Connect a calendar", "Settings"


def build(words: str, links: Mapping[str, str], *, title: str = CALENDAR_TITLE) -> View:
    """The links live for minutes, so the window is drawn when it is asked for."""
    blocks = connecting.offer("links.connect", words, links)
    if links:
        blocks.append(context("These links work for a few minutes and only once. Passwords are typed on that page."))
    return modal(CALLBACK, "", blocks, close="Done", title=title)


def told(words: str, *, title: str = SETTINGS_TITLE) -> View:
    return modal(CALLBACK, "", [section(words)], close="Close", title=title)


def words_of(view: View) -> str:
    """What a window of words says; nothing for one with more in it than words."""
    blocks = view["blocks"]
    is_words = view["callback_id"] == CALLBACK and [block["type"] for block in blocks] == ["section"]
    return str(blocks[0]["text"]["text"]) if is_words else ""
