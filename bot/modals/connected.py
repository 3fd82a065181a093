"""Screen 3 after a calendar was connected meanwhile: the way on to the times."""

from bot.modals import times
from bot.modals.blocks import View, actions, button, header, modal, section
from bot.modals.connecting import connected_words
from scheduling.domain import Connection, Draft


def build(draft: Draft, connection: Connection) -> View:
    """In place of "Connect a calendar first"; the button lists the times."""
    buttons = [
        button(times.AGAIN, "Show times", style="primary", label="Show times now"),
        button(times.BACK, "Back", label="Back to the meeting details"),
    ]
    words = f"{connected_words(connection)} Everything you typed is still here."
    return modal(times.CALLBACK, draft.id, [header(times.HEADER), section(words), actions("times.connected", buttons)])
