"""The words on the calendar event, rendered from templates/event/.

Where a provider carries no attendees, the names stand in the description. The team note never does (product 5c).
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from scheduling.domain import Booking

TEMPLATES = Path(__file__).resolve().parent.parent / "templates" / "event"


@cache
def _environment() -> Environment:
    # Plain text for a calendar, never HTML: escaping would show as entities.
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=False, undefined=StrictUndefined)  # noqa: S701


def describe(booking: Booking, *, names_customer: bool, names_team: bool) -> str:
    """The event's description, naming the customer and the team (rooms too) where no attendees on the event do.

    Names stand for attendees then, so that who was left off the event is not named on it either (product 11c, 12c).
    """
    words = {
        "booking": booking,
        "with_customer": names_customer and booking.form.on_event,
        "with_members": names_team and booking.form.settings.members_on_event,
        "with_rooms": names_team,
        "description": booking.form.description if booking.form.settings.description_on_event else "",
    }
    return _environment().get_template("description.txt").render(words).strip()


def place(booking: Booking) -> str:
    """The event's location: the place, else the link or words to join by."""
    link = booking.conference.url if booking.conference else booking.form.conferencing_text
    return booking.form.location or link
