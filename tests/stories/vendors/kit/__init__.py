"""The four calendar systems as a story meets them: one interface, whoever stands behind it.

`Vendor` says what a story may do to a system and see in it; each of the other files is one system's stand-in behind
that interface. A story asks for `vendor` and runs once for each of THE_FOUR, or for those that `only` names.
"""

import pytest

from tests.stories.vendors.kit.base import BOOKED, Entry, Vendor, fill_in
from tests.stories.vendors.kit.exchange import Exchange
from tests.stories.vendors.kit.google import Google
from tests.stories.vendors.kit.icloud import ICloud
from tests.stories.vendors.kit.microsoft import Microsoft

__all__ = ["BOOKED", "INVITING", "THE_FOUR", "VENDORS", "Entry", "Vendor", "fill_in", "only"]

THE_FOUR = ("google", "microsoft", "exchange", "icloud")
VENDORS: dict[str, type[Vendor]] = dict(zip(THE_FOUR, (Google, Microsoft, Exchange, ICloud), strict=True))
INVITING = ("google", "microsoft", "exchange")


def only(*names: str) -> pytest.MarkDecorator:
    """The story is told of these systems; for the others it says another thing elsewhere."""
    return pytest.mark.parametrize("vendor", names, indirect=True)
