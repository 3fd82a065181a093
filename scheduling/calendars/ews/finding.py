"""Asking an Exchange calendar for its items: views of a stretch of time, and searches."""

from collections.abc import Sequence
from typing import Any

from exchangelib.items import ID_ONLY
from exchangelib.items import SHALLOW as ITEMS_SHALLOW
from exchangelib.services import FindItem

from scheduling.calendars.base import Deadline
from scheduling.calendars.ews import items
from scheduling.calendars.ews.errors import calling


def find_items(
    folder: Any, names: Sequence[str], deadline: Deadline, *, restriction: Any = None, view: Any = None
) -> list[Any]:
    """Items of `folder` with the named fields. One call where exchangelib's query sets make up to three."""
    with calling(deadline):
        found = list(
            FindItem(account=folder.account).call(
                folders=[folder],
                additional_fields=items.paths(names),
                restriction=restriction,
                order_fields=None,
                shape=ID_ONLY,
                query_string=None,
                depth=ITEMS_SHALLOW,
                calendar_view=view,
                max_items=None,
                offset=0,
            )
        )
        for item in found:
            if isinstance(item, Exception):
                raise item
    return found
