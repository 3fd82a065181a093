"""The calendar part of our own invitations: iTIP REQUEST and CANCEL (RFC 5545, 5546, 6047).

Times are UTC, which needs no VTIMEZONE and is read alike by every client. ORGANIZER is the address we send from,
since Gmail trusts no other; there is no SENT-BY, which Gmail and Outlook show as an unknown organizer. The only
ATTENDEE is the person the mail goes to.
"""

from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar, Event, vCalAddress

from scheduling.domain import Booking, ConferencingKind
from scheduling.mail.letter import Method, Sender
from scheduling.mail.text import clean_block, clean_line, link_in, wire_address

PRODUCT = "-//schedule-for//schedule-for//EN"


@dataclass(frozen=True, slots=True)
class Invitee:
    name: str
    address: str


def request(booking: Booking, invitee: Invitee, sender: Sender, description: str, now: datetime) -> bytes:
    """The invitation, or with a higher `booking.sequence` its newer version. `description` is plain text."""
    return _calendar("REQUEST", booking, invitee, sender, description, now)


def cancel(booking: Booking, invitee: Invitee, sender: Sender, description: str, now: datetime) -> bytes:
    """Takes the invitation back; `booking.sequence` must have risen since the REQUEST."""
    return _calendar("CANCEL", booking, invitee, sender, description, now)


def place_of(booking: Booking) -> str:
    """One line for LOCATION: the place and the rooms, else the link."""
    named = [clean_line(booking.form.location), *(clean_line(room.name) for room in booking.rooms)]
    return ", ".join(name for name in named if name) or join_link(booking) or ""


def join_link(booking: Booking) -> str | None:
    """The link to join by: the provider's, else the one the rep typed."""
    made = booking.event.join_url if booking.event else None
    typed = booking.form.conferencing_text if booking.form.conferencing is ConferencingKind.CUSTOM else ""
    return link_in(made or "") or link_in(typed)


def _calendar(
    method: Method, booking: Booking, invitee: Invitee, sender: Sender, description: str, now: datetime
) -> bytes:
    calendar = Calendar()
    calendar.add("PRODID", PRODUCT)
    calendar.add("VERSION", "2.0")
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("METHOD", method)
    calendar.add_component(_event(method, booking, invitee, sender, description, now))
    return bytes(calendar.to_ical())


def _event(
    method: Method, booking: Booking, invitee: Invitee, sender: Sender, description: str, now: datetime
) -> Event:
    event = Event()
    event.add("UID", clean_line(booking.uid))
    event.add("SEQUENCE", booking.sequence)
    event.add("DTSTAMP", now)
    event.add("DTSTART", booking.interval.start)
    event.add("DTEND", booking.interval.end)
    event.add("SUMMARY", clean_line(booking.form.subject))
    event.add("DESCRIPTION", clean_block(description))
    if place := place_of(booking):
        event.add("LOCATION", place)
    if link := join_link(booking):
        event.add("URL", link)
    event.add("ORGANIZER", _person(sender.address, booking.organizer.name))
    event.add("ATTENDEE", _attendee(invitee))
    event.add("STATUS", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("CLASS", "PUBLIC")
    event.add("TRANSP", "OPAQUE")
    return event


def _person(address: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{wire_address(address)}")
    if name := clean_line(name):
        person.params["CN"] = name
    return person


def _attendee(invitee: Invitee) -> vCalAddress:
    attendee = _person(invitee.address, invitee.name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "NEEDS-ACTION"
    attendee.params["RSVP"] = "TRUE"
    return attendee
