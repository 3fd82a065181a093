"""The offer to connect a calendar, as it stands on several screens."""

from collections.abc import Mapping

from bot.modals.blocks import Block, actions, button, context, fit, section
from scheduling.domain import Connection

CONNECT = "connect"
NAMES = {
    "google": "Google Calendar",
    "microsoft": "Office 365",
    "exchange": "Exchange/Outlook (on-premises)",
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
    return f"{provider_name(connection.provider)} ({fit(connection.account, 320)})"


def connected_words(connection: Connection) -> str:
    return f"Your {provider_name(connection.provider)} calendar is connected ({fit(connection.account, 320)})."


_WHY = {
    "auth": "the password is no longer accepted",
    "password": "the password is no longer accepted",
    "app_password": "the app-specific password is no longer accepted",
    "invalid_grant": "the permission was taken back or has expired",
    "no_grant": "the permission was taken back or has expired",
    "token": "the permission was taken back or has expired",
    "scope": "a permission is missing",
    "offline": "a permission is missing",
}


def why_words(connection: Connection) -> str:
    """Why the calendar no longer lets us in, as far as it said."""
    return _WHY.get(connection.reason or "", "it no longer accepts our sign-in")


def offer(block_id: str, words: str, links: Mapping[str, str]) -> list[Block]:
    """`words` and a button per calendar system that can be connected; without links, the reason."""
    if not links:
        return [section(words), context(NO_ADDRESS)]
    return [section(words), actions(block_id, link_elements(links))]


def link_elements(links: Mapping[str, str]) -> list[Block]:
    """A button per system that leads to its connect page, in the product's order."""
    order = {name: at for at, name in enumerate(NAMES)}
    return [
        button(
            f"{CONNECT}.{provider}",
            provider_name(provider),
            url=links[provider],
            label=f"Connect {provider_name(provider)}, opens a web page",
        )
        for provider in sorted(links, key=lambda provider: order.get(provider, len(order)))
    ]
