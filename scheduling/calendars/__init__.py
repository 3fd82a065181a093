"""Calendar systems: one protocol (`base.py`, `systems.py`), one line here per system that people can connect.

A system's libraries are imported when it is first asked for. To add one: its file, one line here, one row in the
conformance suite.
"""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from scheduling.calendars.systems import CalendarSystem

REGISTRY: Mapping[str, str] = {
    "google": "scheduling.calendars.google.account:GoogleSystem",
    "microsoft": "scheduling.calendars.graph.account:MicrosoftSystem",
    "exchange": "scheduling.calendars.ews.system:ExchangeSystem",
    "icloud": "scheduling.calendars.caldav.account:ICloudSystem",
    "caldav": "scheduling.calendars.caldav.account:CalDavSystem",
}
"""Provider name to the class of its system, in the order of product.md."""


def system_class(provider: str) -> Callable[..., CalendarSystem]:
    """The class to make a system of; raises KeyError for a provider that is not in the registry."""
    module, _, name = REGISTRY[provider].partition(":")
    found: Any = getattr(importlib.import_module(module), name)
    cls: Callable[..., CalendarSystem] = found
    return cls
