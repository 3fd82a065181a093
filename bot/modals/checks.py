"""What may be typed into a text field, and the words for what may not."""

import re
from collections.abc import Mapping
from typing import Any

from bot.modals.blocks import cleaned, is_visible, typed

_NOWHERE = re.compile("[\x00\ud800-\udfff]")
"""NUL and half a surrogate pair: no database, mail or calendar can hold them."""


def complaint(
    view: Mapping[str, Any], block_id: str, action_id: str, limit: int, missing: str | None = None
) -> str | None:
    """What is wrong with a text of at most `limit` characters; None when it is fine.

    `missing` are the words for an empty one, where it must not be empty.
    """
    raw = (typed(view, block_id, action_id) or {}).get("value") or ""
    too_long = f"Use at most {limit} characters."
    if len(raw) > 2 * limit + 1000:  # so long that it need not be looked at
        return too_long
    if _NOWHERE.search(raw):
        return "There is a character in it that cannot be kept. Type it again instead of pasting it."
    text = cleaned(raw)
    if not text:
        return missing
    if not is_visible(text):
        return missing or "Enter words that can be seen, or leave this empty."
    return too_long if len(text) > limit else None
