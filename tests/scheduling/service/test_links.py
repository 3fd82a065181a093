"""Links that are made: with the booking where that works, later at a press of a button, never a reason not to book."""

import pytest
from icalendar import Calendar

from scheduling.domain import BookingState, ConferencingKind
from scheduling.errors import ConferenceDenied, ConferenceUnavailable
from tests.scheduling.service.conftest import DANA, SAM


def mails_to_buyer(world):
    return [message for recipient, message in world.transport.sent if recipient == "buyer@acme.example"]


def sequence_of(message) -> int:
    part = next(part for part in message.walk() if part.get_content_type() == "text/calendar")
    (event,) = Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")
    return int(event["sequence"])


def test_a_zoom_link_is_made_and_is_on_the_event_and_in_the_mails(world):
    calendar = world.connect("U0DANA", "dana")

    draft = world.submitted(conferencing=ConferencingKind.ZOOM)
    world.run()

    booking = world.service.booking_of(DANA, draft.id)
    (event,) = calendar.events.values()
    (mail,) = mails_to_buyer(world)
    assert world.zoom.made == [("Pricing call", "dana@demo.example", 30)]
    assert (booking.event.join_url, event.spec.url) == ("https://zoom.example/j/1", "https://zoom.example/j/1")
    assert "https://zoom.example/j/1" in mail.get_body(("plain",)).get_content()
    assert not booking.lacks_link


@pytest.mark.parametrize("error", [ConferenceUnavailable("503"), ConferenceDenied("401")], ids=["down", "refused"])
def test_without_a_link_the_meeting_is_booked_all_the_same(world, error):
    calendar = world.connect("U0DANA", "dana")
    world.zoom.errors = [error]

    draft = world.submitted(conferencing=ConferencingKind.ZOOM)
    world.run()

    booking = world.service.booking_of(DANA, draft.id)
    assert (booking.state, booking.lacks_link, len(calendar.events)) == (BookingState.CONFIRMED, True, 1)
    assert len(mails_to_buyer(world)) == 1


def test_the_button_makes_the_link_later_and_everybody_gets_one_update(world):
    calendar = world.connect("U0DANA", "dana")
    world.connect("U0PRIYA", "priya")
    world.zoom.errors = [ConferenceUnavailable("503")]
    draft = world.submitted(members=("U0DANA", "U0PRIYA"), conferencing=ConferencingKind.ZOOM)
    world.run()
    booking = world.service.booking_of(DANA, draft.id)

    pressed = world.service.retry_link(DANA, booking.id)
    world.run()
    again = world.service.retry_link(DANA, booking.id)

    (event,) = calendar.events.values()
    first, update = mails_to_buyer(world)
    assert (pressed, again) == (True, False)
    assert event.spec.url == "https://zoom.example/j/1"
    assert (sequence_of(first), sequence_of(update)) == (0, 1)
    assert update["Subject"].startswith("Updated: Pricing call")
    assert world.transport.recipients.count("priya@demo.example") == 2
    assert world.notices.links == ["https://zoom.example/j/1"]


def test_a_link_that_cannot_be_made_later_either_is_said(world):
    world.connect("U0DANA", "dana")
    world.zoom.errors = [ConferenceUnavailable("503"), ConferenceDenied("401")]
    draft = world.submitted(conferencing=ConferencingKind.ZOOM)
    world.run()
    booking = world.service.booking_of(DANA, draft.id)

    world.service.retry_link(DANA, booking.id)
    world.run()

    assert world.notices.links == [None]
    assert len(mails_to_buyer(world)) == 1


def test_only_the_organizer_has_the_link_made(world):
    world.connect("U0DANA", "dana")
    world.zoom.errors = [ConferenceUnavailable("503")]
    draft = world.submitted(conferencing=ConferencingKind.ZOOM)
    world.run()

    assert world.service.retry_link(SAM, world.service.booking_of(DANA, draft.id).id) is False
