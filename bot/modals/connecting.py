"""The offer to connect a calendar, as it stands on several screens."""

from collections.abc import Mapping

from bot.modals.blocks import Block, actions, button, context, section
from scheduling.domain import Connection

CONNECT = "connect"
NAMES = {
    "google": "Google Calendar",
    "microsoft": "Office 365",
    "graph": "Office 365",
    "ews": "Exchange/Outlook (on-premises)",
    "icloud": "iCloud",
    "caldav": "Other CalDAV",
}
"""Visible names by provider, in the order of the buttons."""

NO_ADDRESS = (
    "Calendars cannot be connected: this installation has no public address yet. "
    "Ask the person who runs it to set PUBLIC_URL."
)


def provider_name(provider: str) -> str:
    return NAMES.get(provider, provider)


def account_words(connection: Connection) -> str:
    """`iCloud (dana@example.com)`."""
    return f"{provider_name(connection.provider)} ({connection.account})"


def connected_words(connection: Connection) -> str:
    return f"Your {provider_name(connection.provider)} calendar is connected ({connection.account})."


def offer(block_id: str, words: str, links: Mapping[str, str]) -> list[Block]:
    """`words` and a button per calendar system that can be connected; without links, the reason."""
    if not links:
        return [section(words), context(NO_ADDRESS)]
    order = {name: at for at, name in enumerate(NAMES)}
    providers = sorted(links, key=lambda provider: order.get(provider, len(order)))
    buttons = [
        button(
            f"{CONNECT}.{provider}",
            provider_name(provider),
            url=links[provider],
            label=f"Connect {provider_name(provider)}, opens a web page",
        )
        for provider in providers
    ]
    return [section(words), actions(block_id, buttons)]
