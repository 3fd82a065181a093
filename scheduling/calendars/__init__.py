"""Calendar systems: one protocol (`base.py`), one entry per provider.

A provider's libraries are imported when its first account is opened. To add one: its file, one line here, one row in
the conformance suite.
"""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from scheduling.calendars.base import Account, CalendarProvider, Deadline
from scheduling.errors import Unsupported

if TYPE_CHECKING:
    from scheduling.calendars.caldav import CalDavCalendar
    from scheduling.calendars.caldav_http import Http

REGISTRY: Mapping[str, str] = {
    "icloud": "scheduling.calendars.caldav:ICloudCalendar",
    "caldav": "scheduling.calendars.caldav:CalDavCalendar",
}


def open_provider(provider: str, secret: Mapping[str, str], http: "Http") -> CalendarProvider:
    """The connected account behind a stored secret. Raises Unsupported for a provider that is not in the registry."""
    return _class_of(provider)(secret, http)


def connect_with_password(
    provider: str, server_url: str, username: str, password: str, http: "Http", deadline: Deadline
) -> Account:
    """Connect an account that signs in by user name and password; see `CalDavCalendar.connect` for its errors."""
    return _class_of(provider).connect(server_url, username, password, http, deadline)


def _class_of(provider: str) -> "type[CalDavCalendar]":
    try:
        module, _, name = REGISTRY[provider].partition(":")
    except KeyError:
        raise Unsupported("provider") from None
    return cast("type[CalDavCalendar]", getattr(importlib.import_module(module), name))
