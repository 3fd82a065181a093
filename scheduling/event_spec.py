"""From a booking to the events as they should be: the organizer's, and one for each room's own calendar.

Pure. Who stands on the event is decided here: members and rooms where the provider can invite, the customer only where
it is the inviter and only while *Add to calendar event* is on; nobody where the provider carries no attendees.
"""

from scheduling.calendars.base import Attendee, AttendeeRole, BookingKey, Capabilities, EventSpec, SendsInvitations
from scheduling.domain import Booking, ConferencingKind, InviteMode, Room
from scheduling.event_text import describe, place


def event_spec(booking: Booking, capabilities: Capabilities) -> EventSpec:
    """The organizer's event."""
    settings = booking.form.settings
    carries = capabilities.sends_invitations is not SendsInvitations.NEVER
    return EventSpec(
        key=BookingKey(booking.id, booking.generation),
        uid=booking.uid,
        calendar_id=booking.calendar_id,
        interval=booking.interval,
        zone=booking.customer_zone if booking.form.on_event else booking.organizer.zone,
        title=booking.form.subject,
        description=describe(booking, names_customer=booking.invite_mode is InviteMode.BOT, names_team=not carries),
        location=place(booking),
        url=booking.conference.url if booking.conference else None,
        attendees=_attendees(booking) if carries else (),
        shows_busy=settings.shows_busy,
        private=settings.private,
        reminder_minutes=settings.reminder_minutes,
        native_conference=booking.form.conferencing is ConferencingKind.NATIVE
        and capabilities.native_conference is not None,
        sequence=booking.sequence,
    )


def room_spec(booking: Booking, room: Room, calendar_id: str) -> EventSpec:
    """The event in the calendar of a room that has a connection of its own. No team note, no description."""
    return EventSpec(
        key=BookingKey(f"{booking.id}-{room.id}", booking.generation),
        uid=f"{booking.id}-{room.id}-{booking.generation}@{booking.uid.rpartition('@')[2]}",
        calendar_id=calendar_id,
        interval=booking.interval,
        zone=booking.organizer.zone,
        title=booking.form.subject,
        location=room.name,
        description=f"{booking.organizer.name} · {booking.tracking_id}",
        private=booking.form.settings.private,
        sequence=booking.sequence,
    )


def attended_by(booking: Booking, spec: EventSpec) -> frozenset[str]:
    """The user ids of the members whom the provider invites: they need no REQUEST of ours."""
    invited = {attendee.address.lower() for attendee in spec.attendees}
    return frozenset(member.user_id for member in booking.members if member.email.lower() in invited)


def _attendees(booking: Booking) -> tuple[Attendee, ...]:
    """Each address once; the organizer is on their own event anyway."""
    wanted: list[Attendee] = []
    if booking.form.settings.members_on_event:
        wanted += [Attendee(member.email, member.name) for member in booking.team[1:] if member.email]
    if booking.form.on_event and booking.invite_mode is InviteMode.PROVIDER:
        wanted.append(Attendee(booking.customer.email, booking.customer.name))
    wanted += [Attendee(room.address, room.name, AttendeeRole.ROOM) for room in booking.rooms if room.address]
    own = booking.organizer.email.lower()
    once = {attendee.address.lower(): attendee for attendee in reversed(wanted) if attendee.address.lower() != own}
    return tuple(reversed(once.values()))
