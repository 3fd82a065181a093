"""The heaviest screen: a week of slot buttons, as the app itself builds it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.modals import times
from scheduling.domain import Draft, Interval, Proposal, Slot

MONDAY = datetime(2031, 3, 3, tzinfo=UTC)


def slot_view(draft: Draft) -> dict[str, Any]:
    """Seven days of sixteen free half hours."""
    starts = [MONDAY + timedelta(days=day, hours=8, minutes=30 * n) for day in range(7) for n in range(16)]
    proposal = Proposal(
        draft_id=draft.id,
        revision=draft.revision,
        zone="Europe/Berlin",
        customer_zone="America/Chicago",
        week=Interval(MONDAY, MONDAY + timedelta(days=7)),
        slots=tuple(Slot(Interval(start, start + timedelta(minutes=30))) for start in starts),
        conflicts=(),
        unread=(),
        has_earlier=True,
        has_later=True,
    )
    return times.build(proposal, draft)
